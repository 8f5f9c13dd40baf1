# SPDX-License-Identifier: GPL-3.0-or-later
# R's kmeans on a file of raw float64 rows; says seconds, passes and peak memory as JSON, and writes labels from 1.
# usage: Rscript peer_r.R FILE ROWS COLS K N_INIT MAX_ITER SEED OUT
given <- commandArgs(trailingOnly = TRUE)
number <- as.numeric(given[2:7])
rows <- matrix(readBin(given[1], "double", number[1] * number[2], size = 8, endian = "little"),
               nrow = number[1], ncol = number[2], byrow = TRUE)
status_mib <- function(field) {
  line <- grep(field, readLines("/proc/self/status"), value = TRUE)
  as.numeric(gsub("[^0-9]", "", line)) / 1024
}
set.seed(number[6])
invisible(gc())
before <- status_mib("VmRSS")
cat("5", file = "/proc/self/clear_refs")
start <- proc.time()[["elapsed"]]
fit <- kmeans(rows, centers = number[3], nstart = number[4], iter.max = number[5])
seconds <- proc.time()[["elapsed"]] - start
peak <- max(status_mib("VmHWM") - before, 0)
writeBin(as.integer(fit$cluster), given[8], size = 4, endian = "little")
cat(sprintf('{"seconds": %.3f, "iterations": %d, "peak_mib": %.2f}\n', seconds, as.integer(fit$iter), peak))

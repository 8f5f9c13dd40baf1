# SPDX-License-Identifier: GPL-3.0-or-later
# R's cluster::silhouette of raw float64 rows and int32 labels from 1; says score, seconds and peak memory as JSON.
# usage: Rscript peer_silhouette.R FILE ROWS COLS LABELS
given <- commandArgs(trailingOnly = TRUE)
number <- as.numeric(given[2:3])
rows <- matrix(readBin(given[1], "double", number[1] * number[2], size = 8, endian = "little"),
               nrow = number[1], ncol = number[2], byrow = TRUE)
labels <- readBin(given[4], "integer", number[1], size = 4, endian = "little")
status_mib <- function(field) {
  line <- grep(field, readLines("/proc/self/status"), value = TRUE)
  as.numeric(gsub("[^0-9]", "", line)) / 1024
}
invisible(gc())
before <- status_mib("VmRSS")
cat("5", file = "/proc/self/clear_refs")
start <- proc.time()[["elapsed"]]
found <- cluster::silhouette(labels, dist(rows))
score <- mean(found[, "sil_width"])
seconds <- proc.time()[["elapsed"]] - start
peak <- max(status_mib("VmHWM") - before, 0)
cat(sprintf('{"seconds": %.3f, "score": %.17g, "peak_mib": %.2f}\n', seconds, score, peak))

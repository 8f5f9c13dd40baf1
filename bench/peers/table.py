# SPDX-License-Identifier: GPL-3.0-or-later
"""Results as markdown: printed, or put between the markers of a file, `<!-- begin WORK -->` … `<!-- end WORK -->`.

table.py RESULTS_FOLDER [FILE]      works without results keep what FILE has
"""
import json
import os
import re
import sys


def seconds(value):
    if value is None:
        return "-"
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 100 else f"{value:,.0f}"


def mib(value):
    return "-" if value is None else f"{value:,.1f}"


def count(value):
    """1000000 as 1e6, others as they are."""
    power = len(str(value)) - 1
    digit = value // 10 ** power
    return f"{digit}e{power}" if value == digit * 10 ** power and power >= 4 else f"{value:,}"


def table(head, rows):
    aligned = ["---:" if name.endswith(" ") else "---" for name in head]
    return "\n".join("| " + " | ".join(str(cell).strip() for cell in row) + " |" for row in [head, aligned, *rows])


def listed(value):
    return value if isinstance(value, list) else [value]


def above(numbers, bases):
    """How much higher, in %, one for each k; 0 is as good as equal: below what rounding sums differently may do."""
    if numbers is None or bases is None:
        return "-"
    said = []
    for number, base in zip(listed(numbers), listed(bases)):
        percent = 100 * (number / base - 1)
        said.append("0" if abs(percent) < 1e-10 else f"{percent:+.2g}" if abs(percent) < 1 else f"{percent:+.1f}")
    return ", ".join(said)


def read(folder, work):
    path = os.path.join(folder, f"{work}.jsonl")
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def question(line):
    """A case in words."""
    words = [f"{line['data']} {count(line['rows'])} x {line['cols']} {line['dtype']}"]
    words.append(f"k = {line['k']}")
    if line.get("score"):
        words.append("exact silhouette" if line["score"] == "silhouette" else
                     f"silhouette, ours to +- {line['half_width']:g} at 99 %")
        return ", ".join(words)
    words.append("one start, the same for all" if line["same_start"] else f"n_init {line['n_init']}")
    words += ["strict"] * line["strict"] + ["fine"] * line["fine"]
    return ", ".join(words)


def peer(line):
    return line["peer"] if line["tol"] is None else f"{line['peer']}, tol {line['tol']:g}"


def cells(line, who, best):
    """What a row says of ours or of a peer; inertia of each k against the best that ours came to."""
    return [seconds(line[f"{who}_s"]), "1" if who == "ours" else f"{line['ratio']:.2f}", mib(line[f"{who}_peak_mib"]),
            *(above(line[f"{who}_{which}"], best) for which in ("inertia", "inertia_best", "inertia_worst")),
            line[f"{who}_repeats"]]


def score_table(group):
    """Scores of the same labels: ours first."""
    def row(name, line, who):
        if line["error"] and who == "peer":
            return [name, line["error"], *["-"] * 4, line.get("peer_repeats", 0)]
        half_widths = line.get(f"{who}_half_width") or [0.0]
        return [name, seconds(line[f"{who}_s"]), "1" if who == "ours" else f"{line['ratio']:.2f}",
                mib(line[f"{who}_peak_mib"]), ", ".join(f"{score:.6f}" for score in line[f"{who}_score"]),
                f"{max(half_widths):.1e}" if max(half_widths) > 0 else "-", line[f"{who}_repeats"]]

    rows = [row("**patron**", group[0], "ours"), *(row(line["peer"], line, "peer") for line in group)]
    return table(["", "seconds ", "x ours ", "peak MiB ", "score ", "+- ", "repeats "], rows)


def comparison(lines):
    """One table for each question: ours first."""
    parts, questions = [], {}
    for line in lines:
        questions.setdefault(question(line), []).append(line)
    for asked, group in questions.items():
        first = group[0]
        if first.get("score"):
            parts.append(f"{asked}:\n\n{score_table(group)}")
            continue
        rows = [["**patron**", *cells(first, "ours", first["ours_inertia_best"])]]
        for line in group:
            if line["error"]:
                rows.append([peer(line), line["error"], *["-"] * 5, line["peer_repeats"]])
            else:
                rows.append([peer(line), *cells(line, "peer", line["ours_inertia_best"])])
        head = ["", "seconds ", "x ours ", "peak MiB ", "inertia above our best, %: seed 0 ", "best seed ",
                "worst seed ", "repeats "]
        parts.append(f"{asked}:\n\n{table(head, rows)}")
    return "\n\n".join(parts)


def alone(lines):
    """bench_kmeans by itself, and memory's speed."""
    head = ["rows", "d ", "type", "k ", "median s ", "min ", "max ", "pack ", "screen ", "polish ", "finish ",
            "peak MiB ", "x input "]
    rows = [[count(one["rows"]), one["cols"], one["dtype"], one["k"], *(seconds(one[f"seconds_{name}"]) for name in (
        "median", "min", "max")), *(seconds(one[f"{name}_s"]) for name in ("pack", "screen", "polish", "finish")),
        mib(one["peak_mib"]), f"{one['memory_ratio']:.2f}"] for one in lines if one["work"].startswith("kmeans")]
    speeds = [[count(one["rows"]), one["cols"], one["dtype"], one["k"], one["iterations"],
               f"{1e3 * one['seconds_per_iteration']:.3f}", f"{1e3 * one['pass_s']:.3f}", one["pass_from"],
               f"{one['pass_gb_s']:.2f}", f"{one['sum_gb_s']:.2f}", f"{100 * one['share']:.0f} %"]
              for one in lines if one["work"] == "bandwidth"]
    heads = ["rows", "d ", "type", "k ", "passes ", "whole, ms a pass ", "pass, ms ", "from", "pass, GB/s ",
             "plain sum, GB/s ", "share "]
    labels = [[count(one["rows"]), one["cols"], one["dtype"], one["k"], seconds(one["seconds_median"]),
               f"{one['gb_s']:.2f}", f"{one['sum_gb_s']:.2f}", f"{100 * one['share']:.0f} %"]
              for one in lines if one["work"] == "predict"]
    label_heads = ["rows", "d ", "type", "k ", "seconds ", "rows, GB/s ", "plain sum, GB/s ", "share "]
    return (f"{table(head, rows)}\n\nOne run to convergence on all rows, and a plain sum over as many bytes as the "
            f"packed rows have:\n\n{table(heads, speeds)}\n\nLabels of new rows, and a plain sum over their bytes:\n\n"
            f"{table(label_heads, labels)}")


def apart(line):
    """The greatest difference, and the feature that has it."""
    if line["max_difference"] is None:
        return "-"
    return f"{line['max_difference']:.0e} ({line['differs_most']})" if line["max_difference"] else "0"


def features(lines):
    """Features of customers: ours first."""
    parts, questions = [], {}
    for line in lines:
        asked = (f"{line['features']} features, {count(line['lines'])} lines, {line['customers']:,} customers, "
                 f"{line['ids']} ids")
        questions.setdefault(asked, []).append(line)
    for asked, group in questions.items():
        first = group[0]
        rows = [["**patron**", seconds(first["ours_s"]), "1", mib(first["ours_peak_mib"]), "", first["ours_repeats"]]]
        for line in group:
            if line["error"]:
                rows.append([line["peer"], line["error"], "-", "-", "-", line["peer_repeats"]])
            else:
                rows.append([line["peer"], seconds(line["peer_s"]), f"{line['ratio']:.2f}", mib(line["peer_peak_mib"]),
                             apart(line), line["peer_repeats"]])
        head = ["", "seconds ", "x ours ", "peak MiB ", "greatest difference of a value ", "repeats "]
        parts.append(f"{asked} ({seconds(first['ours_append_s'])} s of ours for appending):\n\n{table(head, rows)}")
    return "\n\n".join(parts)


def machine(folder, lines):
    with open(os.path.join(folder, "machine.json"), encoding="utf-8") as file:
        about = json.load(file)
    versions = {line["peer"].split("-")[0]: line["peer_version"] for line in lines if line["peer_version"]}
    names = {"sklearn": "scikit-learn", "sklearnex": "scikit-learn-intelex"}
    peers = ", ".join(f"{names.get(name, name)} {version}" for name, version in sorted(versions.items()))
    rows = [["CPU", f"{about['cpu']}, {about['cores']} cores used: {about['threads']} threads each"],
            ["memory", f"{about['memory_gib']} GiB"], ["kernel", about["kernel"]], ["compiler", about["compiler"]],
            ["Python", about["python"]], ["peers", peers or "-"], ["date", about["date"]],
            ["load when it began", about.get("load", "not noted")],
            ["repeats", f"{about['repeats']}, fewer where a competitor would need over {about['budget_s']:g} s"]]
    return table(["", ""], rows)


def main():
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    folder, parts = sys.argv[1], {}
    works = sorted(name[:-6] for name in os.listdir(folder) if name.endswith(".jsonl"))
    compared = {work: read(folder, work) for work in works if work != "ours"}
    if os.path.exists(os.path.join(folder, "machine.json")):
        parts["machine"] = machine(folder, [line for lines in compared.values() for line in lines])
    if "ours" in works:
        parts["ours"] = alone(read(folder, "ours"))
    parts.update((work, (features if work.startswith("features") else comparison)(lines))
                 for work, lines in compared.items())
    if len(sys.argv) == 2:
        print("\n\n".join(f"### {work}\n\n{text}" for work, text in parts.items()))
        return
    with open(sys.argv[2], encoding="utf-8") as file:
        page = file.read()
    for work, text in parts.items():
        begin, end = f"<!-- begin {work} -->", f"<!-- end {work} -->"
        page, found = re.subn(f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: f"{begin}\n{text}\n{end}", page,
                              flags=re.S)
        if not found:
            print(f"{sys.argv[2]} has no markers for {work}", file=sys.stderr)
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(page)


if __name__ == "__main__":
    main()

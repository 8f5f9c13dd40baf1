# SPDX-License-Identifier: GPL-3.0-or-later
"""Fails when a function that libpatron.so exports has no case in the memory-failure test.

usage: coverage.py libpatron.so test_fault
"""
import subprocess
import sys


def main(library, program):
    lines = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout
    exported = {line.split()[-1].split("@")[0] for line in lines.splitlines() if line}
    covered = subprocess.run([program, "--list"], check=True, capture_output=True, text=True).stdout.split()
    missing, unknown = sorted(exported - set(covered)), sorted(set(covered) - exported)
    twice = sorted({name for name in covered if covered.count(name) > 1})
    for name in missing:
        print(f"{name}: exported, but no case in tests/fault/cases.c runs it without memory")
    for name in unknown:
        print(f"{name}: has a case in tests/fault/cases.c, but is not exported")
    for name in twice:
        print(f"{name}: has two cases")
    print(f"{len(exported)} functions exported, {len(exported) - len(missing)} of them have a case")
    return 1 if missing or unknown or twice else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

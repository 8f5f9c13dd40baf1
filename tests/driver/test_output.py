# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes out: the table, the summary, and that a failure leaves nothing half written."""
import json
import os
import pty
import resource
import signal
import stat
import subprocess
import time
import unittest

from driver import HEADER, SEGMENT, Driver, shop, shop_rows

KEYS = ("version", "fingerprint", "as_of", "options", "audit", "customers", "features", "k", "candidates", "segments")
AUDIT_KEYS = ("rows_read", "rows_kept", "fates", "first_rejected")
CANDIDATE_KEYS = ("k", "inertia", "silhouette", "smallest_share", "feasible")
SEGMENT_KEYS = ("id", "name", "customers", "share", "revenue_gross", "revenue_net", "revenue_share", "silhouette",
                "mean", "median")


class Summary(Driver):
    def test_keys(self):
        summary = self.summary(shop())
        for keys, where in ((KEYS, summary), (AUDIT_KEYS, summary["audit"]), (CANDIDATE_KEYS, summary["candidates"][0]),
                            (SEGMENT_KEYS, summary["segments"][0])):
            for key in keys:
                self.assertIn(key, where)
        self.assertEqual(summary["features"], ["recency_days", "frequency", "monetary_gross"])
        self.assertEqual(sum(s["customers"] for s in summary["segments"]), summary["customers"])
        self.assertAlmostEqual(sum(s["revenue_gross"] for s in summary["segments"]), summary["audit"]["gross"], 6)

    def test_file_holds_what_standard_output_would(self):
        path, out = self.file(shop()), self.path("out.json")
        piped = self.run_segment("--json", "-", path)
        table = self.run_segment("--json", out, path)
        with open(out, "rb") as file:
            self.assertEqual(file.read(), piped.stdout)
        self.assertIn(f"written: {out}", table.stdout.decode())
        self.assertEqual(piped.stderr.decode(), table.stdout.decode().replace(f"\n  written: {out}\n", ""))

    def test_file_has_the_usual_mode_and_links_stay(self):
        path, out = self.file(shop()), self.path("out.json")
        old = os.umask(0o027)
        try:
            self.run_segment("--json", out, path)
        finally:
            os.umask(old)
        self.assertEqual(stat.S_IMODE(os.stat(out).st_mode), 0o640)
        os.symlink("out.json", self.path("link.json"))
        with open(out, "w", encoding="utf-8") as file:
            file.write("old")
        self.run_segment("--json", self.path("link.json"), path)
        self.assertTrue(os.path.islink(self.path("link.json")))
        with open(out, encoding="utf-8") as file:
            json.load(file)
        self.assertEqual(sorted(os.listdir(self.folder)), ["link.json", "orders.csv", "out.json"])

    def test_a_file_replaced_keeps_its_mode(self):
        path, out, link = self.file(shop()), self.file("old", "out.json"), self.path("link.json")
        os.symlink("out.json", link)
        for mode, name in ((0o600, out), (0o664, link), (0o400, out)):
            os.chmod(out, mode)
            self.run_segment("--json", name, "--segments", self.path("out.csv"), path)
            self.assertEqual(stat.S_IMODE(os.stat(out).st_mode), mode)
            with open(out, encoding="utf-8") as file:
                json.load(file)

    def test_a_relative_name_and_a_device(self):
        self.file(shop())
        self.run_segment("--json", "out.json", "orders.csv", cwd=self.folder)
        self.assertEqual(sorted(os.listdir(self.folder)), ["orders.csv", "out.json"])
        self.run_segment("--json", "/dev/null", self.path("orders.csv"))
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))


class Table(Driver):
    def table(self, *arguments, **more):
        return self.run_segment(*arguments, self.file(shop()), **more).stdout.decode()

    def test_it_is_short_and_says_what_was_found(self):
        table, summary = self.table(), self.summary(shop())
        lines = table.splitlines()
        self.assertLess(len(lines), 50)
        self.assertTrue(all(len(line) <= 100 for line in lines if "written" not in line), table)
        for segment in summary["segments"]:
            self.assertIn(segment["name"], table)
            self.assertIn(f"{100 * segment['revenue_share']:.1f}%", table)
            self.assertIn(f"{segment['silhouette']:.3f}", table)
        self.assertIn("40 customers", table)
        self.assertIn("chosen", table)

    def test_bars_follow_the_locale(self):
        for env, bar in (({"LANG": "C.UTF-8"}, "█"), ({"LC_ALL": "en_US.utf8"}, "█"), ({"LANG": "C"}, "#"), ({}, "#"),
                         ({"LC_ALL": "C", "LANG": "C.UTF-8"}, "#"), ({"LC_ALL": "", "LC_CTYPE": "de_DE.UTF-8"}, "█")):
            with self.subTest(env=env):
                table = self.table(env=env)
                self.assertIn(bar, table)
                self.assertNotIn("█" if bar == "#" else "##", table)

    def test_numbers_are_the_same_in_any_locale(self):
        plain = self.table("--json", self.path("a.json"), env={"LANG": "C.UTF-8"})
        german = self.table("--json", self.path("a.json"), env={"LC_ALL": "de_DE.UTF-8"})
        self.assertEqual(plain, german)

    def test_no_colour_and_no_progress_without_a_terminal(self):
        done = self.run_segment(self.file(shop()), env={"TERM": "xterm"})
        self.assertNotIn(b"\033", done.stdout)
        self.assertEqual(done.stderr, b"")

    def on_terminal(self, env):
        """Standard output and standard error as a terminal sees them."""
        path, (leader, follower) = self.file(shop(400)), pty.openpty()
        environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
        environment.update({"TERM": "xterm"} | env)
        process = subprocess.Popen([SEGMENT, path], stdin=subprocess.DEVNULL, stdout=follower, stderr=follower,
                                   env=environment)
        os.close(follower)
        shown = b""
        try:
            while block := os.read(leader, 65536):
                shown += block
        except OSError:  # the other end is closed
            pass
        os.close(leader)
        self.assertEqual(process.wait(timeout=60), 0)
        return shown.decode()

    def test_colour_and_progress_on_a_terminal(self):
        shown = self.on_terminal({})
        self.assertIn("\033[1m", shown)
        self.assertRegex(shown, r"\rreading +\d+ %")
        self.assertRegex(shown, r"\r {40}\r")
        for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            self.assertNotIn("\033", self.on_terminal(env))
        self.assertIn("\033[1m", self.on_terminal({"NO_COLOR": ""}))


    def test_the_first_row_left_out(self):
        bad = [["c001", "o", "2024-01-01 10:00:00", "1", "cheap"], ["", "o", "2024-01-01 10:00:00", "1", "1"]]
        self.assertNotIn("first:", self.table())
        for rows, more in ((bad[:1], ""), (bad, "; more with --json")):
            path = self.file(shop(rows=shop_rows() + rows, header=HEADER.replace("price", "Unit Price")))
            lines = self.run_segment(path).stdout.decode().splitlines()
            at = [" rows read, " in line for line in lines].index(True)
            self.assertEqual(lines[at + 1], f"    first: line {len(shop_rows()) + 2}, Unit Price: unreadable{more}")


class Shown(Driver):
    """Text from files moves no cursor."""
    nasty = "a\x1b[31m\x07\x7f\u009b"
    clean = "a?[31m???"

    def lacks_controls(self, output):
        text = output.decode("utf-8")
        self.assertEqual([c for c in text if (c < " " and c != "\n") or "\x7f" <= c <= "\x9f"], [], text)
        return text

    def test_in_the_table(self):
        orders = self.file(shop(header=HEADER.replace("price", self.nasty)), f"o{self.nasty}.csv")
        crm = self.file(f"customer_id,{self.nasty}\n" + "".join(f"c{i:03d},{i}\n" for i in range(40)),
                        f"j{self.nasty}.csv")
        out = self.path(f"s{self.nasty}.csv")
        done = self.run_segment("--price", self.nasty, "--join", crm, "--segments", out, orders)
        text = self.lacks_controls(done.stdout)
        for name in (f"price = {self.clean}", f"of o{self.clean}.csv in", f"joined j{self.clean}.csv",
                     f"/s{self.clean}.csv", f"median {self.clean} "):
            self.assertIn(name, text)

    def test_in_messages(self):
        orders = self.file(shop(), f"o{self.nasty}.csv")
        crm = self.file(f"customer_id,{self.nasty}\nc001,x{self.nasty}\n", "crm.csv")
        twice = self.file(f"customer_id,x\nc001,1\n{self.nasty},1\n{self.nasty},1\n", "twice.csv")
        day = self.file(shop(rows=[["c", "o", f"1/2/2024{self.nasty}", "1", "1"]]), "day.csv")
        unreadable = [["c", "o", "2024-01-01", "1", "x"]]
        bad = self.file(shop(header=HEADER.replace("price", self.nasty), rows=unreadable), "bad.csv")
        for arguments, code in (((self.path(self.nasty),), 4), (("--price", self.nasty, orders), 3),
                                (("--forget", self.nasty, orders), 3), (("--k", self.nasty, orders), 2),
                                (("--join", crm, orders), 3), (("--join", twice, orders), 3),
                                (("--features", self.nasty, orders), 2)):
            done = self.run_segment(*arguments, code=code)
            self.assertIn(self.clean, self.lacks_controls(done.stderr), arguments)
        self.lacks_controls(self.run_segment(day, code=3).stderr)
        self.lacks_controls(self.run_segment("--price", self.nasty, bad, code=3, says=f"2, {self.clean}: ").stderr)

    def test_cuts_are_between_characters_and_nul_ends_nothing(self):
        for before in ("", "a", "ab"):
            done = self.run_segment("--forget", before + "\u20ac" * 40, self.file(shop()), code=3)
            self.assertIn(before + "\u20ac" * ((60 - len(before)) // 3) + ":", done.stderr.decode("utf-8"))
        who = self.file("n\0l\n", "who.txt")
        self.run_segment("--forget-file", who, self.file(shop()), code=3, says="customer n?l's")
        self.run_segment("--forget-file", self.file(b"n\xe4\x9bl\n", "who.txt"), self.file(shop()), code=3,
                         says="customer n??l's")

    def test_the_program_is_called_as_it_was_called(self):
        other = self.path("patron-segment")
        os.symlink(os.path.abspath(SEGMENT), other)
        helped = subprocess.run([other, "--help"], stdout=subprocess.PIPE, check=True).stdout
        self.assertTrue(helped.startswith(b"Usage: patron-segment [options]"), helped)
        failed = subprocess.run([other, "--nonsense"], stderr=subprocess.PIPE, check=False)
        self.assertTrue(failed.stderr.startswith(b"patron-segment: "), failed.stderr)


class Failures(Driver):
    def keeps(self, *arguments, code=4, says=(), **more):
        """A failing --json leaves the old file as it was and nothing beside it."""
        path, out = self.file(shop()), self.file("old", "out.json")
        before = os.stat(out)
        self.run_segment(*arguments, "--json", out, path, code=code, says=says, **more)
        after = os.stat(out)
        self.assertEqual((before.st_ino, before.st_mtime_ns, before.st_size), (after.st_ino, after.st_mtime_ns,
                                                                               after.st_size))
        self.assertEqual(sorted(os.listdir(self.folder)), ["orders.csv", "out.json"])

    def test_a_full_disk(self):
        self.keeps(says=("out.json", "File too large"),
                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024)))

    def test_a_full_device(self):
        path = self.file(shop())
        with open("/dev/full", "wb") as full:
            self.run_segment(path, stdout=full, code=4, says=("standard output", "No space left"))
            self.run_segment("--json", "-", path, stdout=full, code=4, says="No space left")
            self.run_segment("--help", stdout=full, code=4, says="No space left")
        self.run_segment("--json", "/dev/full", path, code=4, says=("/dev/full", "No space left"))
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/full").st_mode))

    def test_a_closed_pipe(self):
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer, "wb") as closed:
            self.run_segment(self.file(shop()), stdout=closed, code=4, says="Broken pipe")

    def test_where_nothing_can_be_written(self):
        path = self.file(shop())
        self.run_segment("--json", self.path("no/such/out.json"), path, code=4, says="No such file")
        self.run_segment("--json", self.folder, path, code=4, says="directory")
        self.run_segment("--json", "/proc/out.json", path, code=4, says="/proc/out.json")

    @unittest.skipIf(os.geteuid() == 0, "root writes anywhere")
    def test_a_folder_that_is_not_to_be_written(self):
        path = self.file(shop())
        os.mkdir(self.path("kept"), 0o555)
        self.run_segment("--json", self.path("kept/out.json"), path, code=4, says="Permission denied")

    def test_the_orders_are_not_overwritten(self):
        path = self.file(shop())
        self.run_segment("--json", path, path, code=2, says="the file to be read")
        os.link(path, self.path("other.csv"))
        self.run_segment("--json", self.path("other.csv"), path, code=2, says="the file to be read")
        with open(path, "rb") as stdin:
            self.run_segment("--json", path, "-", stdin=stdin, code=2, says="the file to be read")

    def test_data_that_fails_writes_nothing(self):
        out = self.path("out.json")
        self.run_segment("--json", out, self.file("a,b\n1,2\n"), code=3)
        self.assertFalse(os.path.exists(out))

    def test_memory_that_runs_out(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (200 << 20, 200 << 20))
        if os.environ.get("PATRON_SANITIZE"):
            self.skipTest("sanitizers need the address space")
        header, row = "customer,date,amount\n", ",2024-01-01,1\n"
        big = header + "".join(f"{'c' * 1000}{i}{row}" for i in range(200000))
        self.run_segment("--threads", "1", self.file(big), code=5, says="memory", preexec_fn=limit)


class Interrupted(Driver):
    def interrupt(self, number, code, arguments=()):
        out = self.file("old", "out.json")
        process = subprocess.Popen([SEGMENT, "--json", out, *arguments, "-"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdin.write(shop(200).encode())
        process.stdin.flush()
        time.sleep(0.3)
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, code, errors)
        self.assertIn(b"interrupted", errors)
        self.assertEqual(os.listdir(self.folder), ["out.json"])
        with open(out, encoding="utf-8") as file:
            self.assertEqual(file.read(), "old")

    def test_while_reading(self):
        self.interrupt(signal.SIGINT, 130)
        self.interrupt(signal.SIGTERM, 143)

    def test_while_fitting(self):
        path, out = self.file(shop(4000)), self.path("out.json")
        process = subprocess.Popen([SEGMENT, "--n-init", "1000000", "--json", out, path], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        time.sleep(1.5)
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, errors)
        self.assertLess(time.monotonic() - begun, 10)
        self.assertEqual(os.listdir(self.folder), ["orders.csv"])


if __name__ == "__main__":
    unittest.main()

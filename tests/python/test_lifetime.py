# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory, cancelling and Ctrl-C: what was given back stays whole, what was interrupted leaves nothing behind."""
import contextlib
import ctypes
import gc
import io
import os
import signal
import sys
import threading
import time
import unittest
import weakref
from unittest import mock

from support import np, patron, segmented, shop

from patron import _call, _declarations as c
from patron._library import library


def resident():
    """Bytes of memory in use."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Lifetime(unittest.TestCase):
    def test_arrays_outlive_their_result(self):
        result = segmented()
        kept = [result.labels, result.silhouettes, result.features.values, result.customer_ids]
        before = [array.copy() for array in kept]
        result.close()
        del result
        gc.collect()
        segmented(k_min=3, k_max=3)
        for array, copy in zip(kept, before):
            np.testing.assert_array_equal(array, copy)

    def test_closed_is_said(self):
        with segmented() as result:
            names = [segment.name for segment in result.segments]
        self.assertEqual([segment.name for segment in result.segments], names)
        self.assertIn("fingerprint", result.to_json())
        with self.assertRaisesRegex(ValueError, "closed"):
            result.labels
        result.close()

    def test_handles_are_freed_once(self):
        freed = []
        free = library.patron_segmentation_free
        with mock.patch.object(library, "patron_segmentation_free",
                               side_effect=lambda pointer: freed.append(bool(pointer)) or free(pointer)):
            result = segmented()
            result.close()
            result.close()
            del result
            gc.collect()
        self.assertEqual(freed, [True])

    def test_inputs_may_go_while_the_library_works(self):
        def collect(*_):
            gc.collect()
        arrays = shop()
        wanted = segmented(arrays).fingerprint
        temporary = {name: (array.astype(">f8") if array.dtype.kind == "f" else array[::-1].copy()[::-1])
                     for name, array in arrays.items()}
        self.assertEqual(segmented(temporary, progress=collect).fingerprint, wanted)

    def test_inputs_are_not_kept(self):
        arrays = shop()
        watched = [weakref.ref(array) for array in arrays.values()]
        result = segmented(arrays)
        with contextlib.suppress(patron.PatronError):
            segmented(arrays, k_min=1)
        arrays = None
        gc.collect()
        self.assertEqual([ref() for ref in watched], [None] * len(watched))
        self.assertGreater(len(result), 1)

    @unittest.skipIf(os.environ.get("PATRON_SANITIZE"), "a sanitizer keeps freed memory")
    def test_memory_does_not_grow(self):
        arrays, X = shop(), np.random.default_rng(1).normal(size=(2000, 8))

        def once():
            segmented(arrays)
            patron.KMeans(3, n_init=1).fit(X).predict(X)
            with contextlib.suppress(patron.PatronError):
                segmented(arrays, features="colour")
            with contextlib.suppress(patron.PatronError):
                segmented(arrays, progress=lambda *_: True)
        for _ in range(10):
            once()
        gc.collect()
        before = resident()
        for _ in range(60):
            once()
        gc.collect()
        self.assertLess(resident() - before, 4 << 20)


class Cancelling(unittest.TestCase):
    def quietly(self):
        """Nothing may be printed, and nothing dropped by ctypes."""
        stack, said = contextlib.ExitStack(), io.StringIO()
        dropped = stack.enter_context(mock.patch.object(sys, "unraisablehook"))
        stack.enter_context(contextlib.redirect_stderr(said))
        stack.callback(lambda: self.assertEqual((said.getvalue(), dropped.call_count), ("", 0)))
        return stack

    def test_progress_tells_the_stages(self):
        seen = []
        segmented(progress=lambda stage, fraction: seen.append((stage, fraction)))
        self.assertTrue(seen)
        for stage, fraction in seen:
            self.assertIsInstance(stage, str)
            self.assertTrue(0 <= fraction <= 1)

    def test_progress_cancels(self):
        with self.quietly(), self.assertRaises(patron.PatronError) as caught:
            segmented(progress=lambda stage, fraction: stage == "kmeans")
        self.assertEqual((caught.exception.name, caught.exception.status), ("PATRON_CANCELLED", c.PATRON_CANCELLED))
        self.assertIn("kmeans", str(caught.exception))

    def test_what_progress_raises_comes_through(self):
        def progress(stage, _):
            raise LookupError(stage)
        with self.quietly(), self.assertRaises(LookupError):
            segmented(progress=progress)
        with self.quietly(), self.assertRaises(SystemExit):
            segmented(progress=lambda *_: sys.exit(3))

    def test_ctrl_c_before_a_callback_ends_the_call(self):
        before = signal.getsignal(signal.SIGINT)
        with self.quietly(), self.assertRaises(KeyboardInterrupt):
            segmented(progress=lambda *_: os.kill(os.getpid(), signal.SIGINT))
        self.assertIs(signal.getsignal(signal.SIGINT), before)

    def test_ctrl_c_while_the_library_works_ends_the_call(self):
        X = np.random.default_rng(2).normal(size=(40000, 8))
        timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
        labels = np.arange(len(X)) % 3
        timer.start()
        start = time.monotonic()
        try:
            with self.quietly(), self.assertRaises(KeyboardInterrupt):
                for _ in range(1000):
                    patron.silhouette_score(X, labels, threads=1)
        finally:
            timer.cancel()
        self.assertLess(time.monotonic() - start, 60)

    def test_a_handler_that_raises_nothing_lets_the_call_go_on(self):
        came, before, sent, wanted = [], signal.getsignal(signal.SIGINT), [], segmented().fingerprint

        def handler(number, _):
            came.append(number)

        def once(*_):
            if not sent:
                sent.append(os.kill(os.getpid(), signal.SIGINT))
        signal.signal(signal.SIGINT, handler)
        try:
            with self.quietly():
                self.assertEqual(segmented(progress=once).fingerprint, wanted)
            self.assertIs(signal.getsignal(signal.SIGINT), handler)
        finally:
            signal.signal(signal.SIGINT, before)
        self.assertEqual(came, [signal.SIGINT])

    def test_threads_of_python_work_at_once(self):
        wanted, found = segmented().fingerprint, []
        team = [threading.Thread(target=lambda: found.append(segmented(threads=1).fingerprint)) for _ in range(4)]
        for thread in team:
            thread.start()
        for thread in team:
            thread.join()
        self.assertEqual(found, [wanted] * 4)


class OutOfMemory(unittest.TestCase):
    def test_it_is_a_memory_error(self):
        error = c.Error(status=c.PATRON_OUT_OF_MEMORY, message=b"no room", row=-1, line=-1)
        with self.assertRaisesRegex(MemoryError, "no room"):
            _call.check(error.status, error)

    def test_an_allocator_that_gives_nothing(self):
        context, error = c.Context(), c.Error()
        library.patron_context_init(ctypes.byref(context), ctypes.sizeof(context))
        context.allocate = c.Allocate(lambda user, size: None)
        context.reallocate = c.Reallocate(lambda user, block, size: None)
        context.deallocate = c.Deallocate(lambda user, block: None)
        history = ctypes.POINTER(c.History)()
        status = library.patron_history_create(ctypes.byref(history), None, ctypes.byref(context), ctypes.byref(error))
        self.assertEqual((status, bool(history)), (c.PATRON_OUT_OF_MEMORY, False))


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: GPL-3.0-or-later
"""Calling the library: statuses become exceptions, Ctrl-C and a progress function reach it, handles are freed."""
import ctypes
import operator
import signal
import threading
import weakref

from . import _declarations as c
from ._library import library


# What the library says to C, and what to say here.
SPOKEN = (("or mark the row with fault", "or leave the row out"), ("as_of_s is", "as_of is"),
          ("PATRON_AS_OF_LAST", "None for the last line's instant"))


class PatronError(Exception):
    """The library refused: `status` (a PATRON_… number), `name` ("PATRON_NO_DATA"), `message` (what, where, what to
    do), `row` and `line` (from 0, or None where there is none)."""

    def __init__(self, status, message, row=None, line=None):
        super().__init__(message)
        self.status, self.message, self.row, self.line = status, message, row, line
        self.name = library.patron_status_name(status).decode()

    def __reduce__(self):
        return type(self), (self.status, self.message, self.row, self.line)


def invalid(message, row=None):
    """The same as the library's own refusal, for what only Python sees."""
    return PatronError(c.PATRON_INVALID_ARGUMENT, message, row)


def new(kind, **values):
    """A struct that knows its size."""
    struct = kind(**values)
    struct.size = ctypes.sizeof(kind)
    return struct


def options(kind, initialise, given):
    """An options struct with its defaults, and those of `given` that it has; they are taken out of `given`.

    A choice may be given by name: fill="median" is PATRON_FILL_MEDIAN."""
    struct = kind()
    initialise(ctypes.byref(struct), ctypes.sizeof(struct))
    for name, type_ in kind._fields_:
        value = None if name in ("size", "reserved") else given.pop(name, None)
        if value is not None:
            setattr(struct, name, as_c(name, type_, value))
    return struct


def as_c(name, type_, value):
    """A number or a choice as its C type has it. ctypes would cut what does not fit: 2 ** 32 + 2 segments are not 2."""
    if type_ is c.c_char_p or not issubclass(type_, ctypes._SimpleCData):
        return value.encode() if isinstance(value, str) else value
    if isinstance(value, str):
        value = _choice(name, value)
    try:
        if isinstance(value, (str, bytes)):
            raise TypeError
        value = float(value) if type_ is c.c_double else operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is {value!r:.60}; give a {'' if type_ is c.c_double else 'whole '}number") from None
    if type_ is not c.c_double and type_(value).value != value:
        raise OverflowError(f"{name} is {value}, which is beyond what the library takes")
    return value


def _choice(field, word):
    """The number of a choice, or the word again where there is nothing to choose."""
    prefix = f"PATRON_{field.upper()}_"
    choices = {name.removeprefix(prefix).lower(): value for name, value in vars(c).items() if name.startswith(prefix)}
    if choices and word not in choices:
        raise invalid(f"{field} is {word!r}; choose one of {', '.join(choices)}")
    return choices.get(word, word)


def check(status, error):
    """Raises what a status means; nothing for PATRON_OK."""
    if status == c.PATRON_OK:
        return
    message = error.message.decode("utf-8", "replace")
    for theirs, ours in SPOKEN:
        message = message.replace(theirs, ours)
    if status == c.PATRON_OUT_OF_MEMORY:
        raise MemoryError(message)
    raise PatronError(status, message, *(None if number < 0 else number for number in (error.row, error.line)))


def call(function, *arguments):
    """A function whose last argument is the error."""
    error = c.Error()
    check(function(*arguments, ctypes.byref(error)), error)


class _Interrupts:
    """Keeps Ctrl-C until a place where it can be answered.

    Python runs a signal's handler at the first instruction of the callback, before any `try` of it, and ctypes drops
    what is raised there. So while the library works, the handler only notes the signal, and deliver() runs the real
    one. What that raises ends the call; a handler that raises nothing lets it go on, as everywhere in Python."""

    def __init__(self):
        self.came, self.handler = None, None

    def __enter__(self):
        if threading.current_thread() is threading.main_thread() and callable(signal.getsignal(signal.SIGINT)):
            self.handler = signal.signal(signal.SIGINT, self._note)
        return self

    def _note(self, number, frame):
        self.came = number, frame

    def __exit__(self, *_):
        if self.handler is not None and signal.getsignal(signal.SIGINT) == self._note:
            signal.signal(signal.SIGINT, self.handler)

    def deliver(self):
        """Runs the real handler if Ctrl-C came; it usually raises KeyboardInterrupt."""
        if self.came is not None:
            came, self.came = self.came, None
            self.handler(*came)


def work(function, *arguments, threads=0, progress=None):
    """A function whose last arguments are the context and the error. `progress(stage, fraction)` is called now and
    then; when it returns something true, or raises, the call ends. Ctrl-C ends it too."""
    raised, interrupts = [], _Interrupts()

    def on_progress(_, stage, fraction):
        try:
            interrupts.deliver()
            return 1 if progress is not None and progress(stage.decode(), fraction) else 0
        except BaseException as exception:  # ctypes would print it and go on
            raised.append(exception)
            return 1

    context, error = c.Context(), c.Error()
    library.patron_context_init(ctypes.byref(context), ctypes.sizeof(context))
    context.threads = as_c("threads", c.c_int32, threads)
    context.progress = callback = c.Progress(on_progress)
    with interrupts:
        status = function(*arguments, ctypes.byref(context), ctypes.byref(error))
    del callback
    # A reference cycle through the exception's frames would keep the arrays of the call alive.
    exception = raised.pop() if raised else None
    try:
        if exception is not None:
            raise exception
        interrupts.deliver()
        check(status, error)
    finally:
        exception = None


class Handle:
    """A pointer that the library gave, freed with the object, or by close() or a `with` before that."""

    def __init__(self, kind, free):
        self.kind, self.free = kind, free
        self.out = ctypes.POINTER(kind)()
        self._finalizer = None

    def made(self):
        """To be called once `out` is filled."""
        self._finalizer = weakref.finalize(self, self.free, self.out)
        return self

    @property
    def pointer(self):
        """The pointer, for a call."""
        if not self._finalizer or not self._finalizer.alive:
            raise ValueError("this was closed")
        return self.out

    def close(self):
        """Frees it now."""
        if self._finalizer:
            self._finalizer()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def create(kind, free, function, *arguments, **how):
    """A Handle that `function(&handle, arguments…, context, error)` makes."""
    handle = Handle(kind, free)
    try:
        work(function, ctypes.byref(handle.out), *arguments, **how)
    except BaseException:
        if handle.out:  # made, and then Ctrl-C came
            free(handle.out)
        raise
    return handle.made()

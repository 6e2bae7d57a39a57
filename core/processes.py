"""Child processes."""

import contextlib
import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any


@contextlib.contextmanager
def block_sigint() -> Iterator[None]:
    """Block SIGINT in processes that start inside the ``with`` block.

    A terminal sends Ctrl-C to all processes of a group. A worker that ends by it leaves its parent waiting; the parent
    handles the signal and ends the workers. A signal that arrives inside the block is delivered after it.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def run_forked(tasks: Sequence[Callable[[], Any]], processes: int) -> list[Any]:
    """Run functions in forked processes and return their results in the order of the functions.

    A process shares the memory of this one as it was when the process began; only results and errors are copied. After
    an error no further function is begun, and functions behind the one that failed are ended.

    :param processes: how many run at a time; 1 means that no process is forked.
    :raises BaseException: the error of the first function that failed.
    :raises ChildProcessError: if a process ended without a result.
    """
    if processes <= 1:
        return [task() for task in tasks]
    results: dict[int, Any] = {}
    failed: dict[int, BaseException] = {}
    running: dict[Connection, tuple[int, Any]] = {}
    waiting = list(enumerate(tasks))[::-1]
    try:
        while any(number < min(failed, default=len(tasks)) for number, _process in running.values()) or waiting:
            while waiting and len(running) < processes:
                number, task = waiting.pop()
                receiver, process = _start(task)
                running[receiver] = number, process
            for ready in wait(list(running)):
                assert isinstance(ready, Connection)
                number, process = running.pop(ready)
                succeeded, result = _receive(ready, process)
                (results if succeeded else failed)[number] = result
                if failed:
                    waiting.clear()
        if failed:
            raise failed[min(failed)]
        return [results[number] for number in range(len(tasks))]
    finally:
        for _number, process in running.values():
            process.kill()
            process.join()


@contextlib.contextmanager
def forked(task: Callable[[], Any]) -> Iterator[Callable[[], Any]]:
    """Run a function in a forked process beside the ``with`` block; calling the value waits for its result.

    A process that is not waited for ends with the block.

    :raises BaseException: when called: the error of the function.
    :raises ChildProcessError: when called: if the process ended without a result.
    """
    receiver, process = _start(task)

    def result() -> Any:
        succeeded, value = _receive(receiver, process)
        if not succeeded:
            raise value
        return value

    try:
        yield result
    finally:
        process.kill()
        process.join()


def _start(task: Callable[[], Any]) -> tuple[Connection, Any]:
    """Start a function in a forked process; return where its result arrives, and the process."""
    fork = multiprocessing.get_context("fork")
    receiver, sender = fork.Pipe(duplex=False)
    process = fork.Process(target=_send_result, args=(task, sender))
    with block_sigint():
        process.start()
    sender.close()
    return receiver, process


def _receive(receiver: Connection, process: Any) -> tuple[bool, Any]:
    """Return whether the function succeeded, and its result or its error.

    :raises ChildProcessError: if the process ended without a result.
    """
    try:
        succeeded, value = receiver.recv()
    except EOFError:
        process.join()
        raise ChildProcessError(f"A process ended early (exit code {process.exitcode}).") from None
    process.join()
    return succeeded, value


def _send_result(task: Callable[[], Any], sender: Connection) -> None:
    try:
        sender.send((True, task()))
    except BaseException as error:
        sender.send((False, error))

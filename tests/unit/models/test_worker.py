"""The thread that owns the model, as coroutines see it."""

import asyncio
import threading
import time

import pytest

from linewise.models.worker import ModelWorker, Priority, WorkerStoppedError


@pytest.fixture
def worker():
    worker = ModelWorker()
    yield worker
    worker.stop(5)


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 20))


def test_jobs_run_in_order_on_one_other_thread(worker):
    seen = []

    async def main():
        return await asyncio.gather(
            *(
                worker.submit(lambda _, n=n: seen.append(n) or threading.get_ident())
                for n in range(9)
            )
        )

    threads = run(main())
    assert seen == list(range(9))
    assert len(set(threads)) == 1
    assert threads[0] != threading.get_ident()


@pytest.mark.parametrize("error", [ValueError("x"), StopIteration()], ids=repr)
def test_a_failing_job_fails_alone(error, worker):
    def fail(_):
        raise error

    async def main():
        with pytest.raises(RuntimeError if isinstance(error, StopIteration) else type(error)):
            await worker.submit(fail)
        return await worker.submit(lambda _: "next")

    assert run(main()) == "next"


def test_cancelling_tells_the_running_job(worker):
    begun, told = threading.Event(), threading.Event()

    def work(cancelled):
        begun.set()
        if cancelled.wait(10):
            told.set()

    async def main():
        task = asyncio.create_task(worker.submit(work))
        await asyncio.to_thread(begun.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await worker.submit(lambda _: None)

    run(main())
    assert told.is_set()


def test_a_cancelled_job_that_waits_never_begins(worker):
    gate, ran = threading.Event(), []

    async def main():
        first = asyncio.create_task(worker.submit(lambda _: gate.wait(10)))
        second = asyncio.create_task(worker.submit(lambda _: ran.append(1)))
        await asyncio.sleep(0.05)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        gate.set()
        await first
        await worker.submit(lambda _: None)

    run(main())
    assert ran == []


def test_the_loop_stays_responsive(worker):
    async def main():
        task = asyncio.create_task(worker.submit(lambda _: time.sleep(0.3)))
        ticks = 0
        while not task.done():
            await asyncio.sleep(0.01)
            ticks += 1
        return ticks

    assert run(main()) > 5


def test_stopping_refuses_what_waits_and_what_comes(worker):
    gate, begun = threading.Event(), threading.Event()

    def work(_):
        begun.set()
        gate.wait(10)
        return "finished"

    async def main():
        running = asyncio.create_task(worker.submit(work))
        waiting = asyncio.create_task(worker.submit(lambda _: None))
        await asyncio.to_thread(begun.wait, 10)
        worker.stop(0)
        gate.set()
        with pytest.raises(RuntimeError, match="stopped"):
            await waiting
        with pytest.raises(RuntimeError, match="stopped"):
            await worker.submit(lambda _: None)
        return await running

    assert run(main()) == "finished"


def test_stop_without_a_job_and_twice():
    worker = ModelWorker()
    worker.stop()
    worker.stop()


def test_a_closed_loop_does_not_end_the_thread(worker):
    gate = threading.Event()

    async def leave():
        task = asyncio.create_task(worker.submit(lambda _: gate.wait(10)))
        await asyncio.sleep(0.05)
        return task

    loop = asyncio.new_event_loop()
    task = loop.run_until_complete(leave())
    task.cancel()
    loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
    loop.close()
    gate.set()

    async def again():
        return await worker.submit(lambda _: "alive")

    assert run(again()) == "alive"


def test_jobs_are_run_by_priority_and_then_in_order(worker):
    seen = []

    async def main():
        gate, started = threading.Event(), threading.Event()

        def first(_):
            started.set()
            gate.wait(10)

        busy = asyncio.create_task(worker.submit(first))
        await asyncio.to_thread(started.wait, 10)
        behind = [
            asyncio.create_task(worker.submit(lambda _, n=n: seen.append(n), priority=priority))
            for n, priority in enumerate((*reversed(Priority), *reversed(Priority)))
        ]
        await asyncio.sleep(0)  # all of them are handed in before the thread is free
        gate.set()
        await asyncio.gather(busy, *behind)

    run(main())
    assert seen == [2, 5, 1, 4, 0, 3]


def test_a_stopped_worker_refuses_the_background_too(worker):
    async def main():
        gate, started = threading.Event(), threading.Event()

        def first(_):
            started.set()
            gate.wait(10)

        busy = asyncio.create_task(worker.submit(first))
        await asyncio.to_thread(started.wait, 10)
        waiting = asyncio.create_task(worker.submit(lambda _: None, priority=Priority.IDLE))
        await asyncio.sleep(0)
        worker.stop(0)
        gate.set()
        await busy
        with pytest.raises(WorkerStoppedError, match="has been stopped"):
            await waiting

    run(main())

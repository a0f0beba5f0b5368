"""What may die, may die at any moment: each row of the crash table, with real processes and a pretended engine."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from masterify_core.presets import Library
from masterify_server import scratch, tasks
from masterify_server.courier import Courier
from masterify_server.keeper import Keeper
from masterify_server.outbound import Sent
from masterify_server.refusals import UnavailableError
from masterify_server.storage import input_name, output_name
from masterify_server.store import accounts, deliveries, jobs, lifecycle
from tests import stores
from tests.deployments import Deployment, go_on, gone, stop, until

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc and PDEATHSIG")


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """Two workers and a keeper that nobody kills."""
    with Deployment(tmp_path_factory.mktemp("live"), job_cpu_s=10) as deployment:
        deployment.worker()
        deployment.worker()
        deployment.keeper()
        deployment.ended(deployment.submit())
        yield deployment


@pytest.fixture
def bare(tmp_path):
    """A store and nothing that runs."""
    with Deployment(tmp_path) as deployment:
        yield deployment


def keeper_of(deployment, send=None):
    courier = Courier(deployment.store, deployment.settings, send or (lambda *_: Sent(200, None, 1)))
    return Keeper(deployment.settings, deployment.store, deployment.storage, courier)


def balanced(deployment):
    books = deployment.store.do(accounts.reconcile(deployment.account))
    assert books.balanced, books
    return books.credits


def let_time_pass(deployment, *names):
    """Make what is in these sorted sets old."""
    for name in names:
        full = f"{deployment.store.prefix}{name}"
        for member in deployment.store.redis.zrange(full, 0, -1):
            deployment.store.redis.zadd(full, {member: 1})


def test_a_job_is_done_and_its_masters_are_stored(live):
    before = balanced(live)
    done = live.ended(live.submit())
    assert done.status == "done"
    assert (
        live.storage.fetch(output_name(done.job_id, 1, "spotify.wav"), live.settings.data_dir).read_text()
        == f"{done.job_id} 1"
    )
    assert balanced(live) == before - 1
    assert [attempt for attempt, _ in live.runs(done)] == [1]


@pytest.mark.parametrize(
    ("what", "code"), [("damaged", "INVALID_AUDIO"), ("bug", "INTERNAL_ERROR"), ("memory", "INTERNAL_ERROR")]
)
def test_a_job_that_cannot_be_done_fails_at_once_and_is_paid_back(live, what, code):
    before = balanced(live)
    failed = live.ended(live.submit(what, cost=2))
    assert (failed.status, failed.error.code, failed.attempt) == ("failed", code, 1)
    assert balanced(live) == before


def test_a_job_whose_process_dies_each_time_fails_after_three_and_is_paid_back(live):
    before = balanced(live)
    failed = live.ended(live.submit("die"))
    assert (failed.status, failed.error.code, len(live.runs(failed))) == ("failed", "INTERNAL_ERROR", 3)
    assert balanced(live) == before
    until(lambda: not list((live.settings.data_dir / "scratch").glob(f"{failed.job_id}-*")))


def test_a_killed_child_is_noticed_at_once(live):
    job = live.submit("once 60")
    os.kill(live.running(job), signal.SIGKILL)
    assert live.ended(job).attempt == 2
    assert live.job(job).credits_used == 1


def test_a_job_of_a_killed_worker_runs_again_and_its_child_dies_with_it(tmp_path):
    with Deployment(tmp_path) as deployment:
        worker = deployment.worker()
        deployment.keeper()
        job = deployment.submit("once 60")
        child = deployment.running(job)
        deployment.worker()
        worker.kill()
        worker.wait()
        until(lambda: gone(child), 10)
        done = deployment.ended(job)
        assert (done.status, done.attempt, done.credits_used) == ("done", 2, 1)
        assert balanced(deployment) == 99


def test_a_child_that_stalls_and_wakes_does_no_harm(live):
    job = live.submit("once 60")
    stalled = live.running(job)
    stop(stalled)
    try:
        done = live.ended(job)
    finally:
        go_on(stalled)
    assert (done.status, done.attempt) == ("done", 2)
    until(lambda: gone(stalled))
    assert live.job(job) == done
    until(lambda: not list((live.settings.data_dir / "scratch").glob(f"{job.job_id}-*")))


def test_a_child_that_wakes_while_another_has_its_job_takes_nothing_from_it(live):
    job = live.submit("each 60 3")
    stalled = live.running(job)
    stop(stalled)
    try:
        live.running(job, attempt=2)
    finally:
        go_on(stalled)
    until(lambda: gone(stalled), 3)
    done = live.ended(job)
    assert (done.status, done.attempt) == ("done", 2), done.error
    until(lambda: not list((live.settings.data_dir / "scratch").glob(f"{job.job_id}-*")))


@pytest.mark.parametrize("what", ["away", "full"])
def test_a_storage_that_is_away_or_full_is_waited_for(live, what):
    job = live.submit(f"{what} {time.monotonic() + 3}")
    done = live.ended(job)
    assert (done.status, done.attempt) == ("done", 1)
    assert len(live.runs(job)) > 2


def test_a_worker_whose_store_cannot_write_ends_with_lines_for_machines(tmp_path):
    with Deployment(tmp_path) as deployment:
        worker = deployment.start("masterify_server.processes", "worker", stderr=subprocess.PIPE)
        with worker.stderr as lines:
            assert json.loads(next(lines))["message"] == "worker ready"
            deployment.store.redis.config_set("min-replicas-to-write", 1)  # all is refused, as by a full disk
            said = [json.loads(line) for line in lines]
        assert worker.wait(30) == 1
        assert said[-1]["level"] == "error"
        assert said[-1]["message"].startswith("worker ends: the store")
        assert "traceback" not in said[-1]
        deployment.store.redis.config_set("min-replicas-to-write", 0)


def test_a_worker_told_to_stop_finishes_its_job(tmp_path):
    with Deployment(tmp_path) as deployment:
        worker = deployment.worker()
        keeper = deployment.keeper()
        job = deployment.submit("sleep 2")
        deployment.running(job)
        worker.terminate()
        assert worker.wait(30) == 0
        assert deployment.job(job).status == "done"
        keeper.terminate()
        assert keeper.wait(30) == 0


def test_a_bucket_that_hangs_keeps_nobody_from_looking_after_jobs(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = {"bucket_url": "s3://bucket", "bucket_key_id": "k", "bucket_secret": "s"}
        place["bucket_endpoint"] = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with Deployment(tmp_path, **place) as deployment:
            over, held = (stores.admit(deployment.store, deployment.account) for _ in range(2))
            deployment.store.do(jobs.cancel_job(over.job_id, deployment.account))
            let_time_pass(deployment, "expiring")
            deployment.keeper()
            line = until(lambda: silent.accept())[0]  # the keeper asks the bucket to delete, and waits
            with line:
                deployment.store.do(lifecycle.claim(held.job_id, "a worker that is killed", lease_ms=500))
                until(lambda: deployment.job(held).attempt == 2, 10)


def test_a_file_stored_but_never_admitted_is_deleted_and_nothing_was_charged(bare):
    orphan, kept = jobs.new_job_id(), bare.submit()
    bare.upload(orphan)
    keeper = keeper_of(bare)
    keeper.retention.delete_orphans()
    assert bare.storage.size(input_name(orphan, "song", "wav"))  # it may be on its way into the store
    keeper.retention.delete_orphans()
    with pytest.raises(FileNotFoundError):
        bare.storage.size(input_name(orphan, "song", "wav"))
    assert bare.storage.size(input_name(kept.job_id, "song", "wav"))
    assert balanced(bare) == 99


def test_what_an_upload_or_a_killed_child_left_is_swept_when_it_is_old(tmp_path):
    for name in ("uploads/up-1", "scratch/job-2/song.wav"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    assert scratch.sweep_stale(tmp_path) == 0
    assert scratch.sweep_stale(tmp_path, time.time() + scratch.STALE_S + 60) == 2
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["scratch", "uploads"]


def test_a_job_left_in_the_outbox_is_dispatched_once(bare):
    job = bare.submit()
    keeper = keeper_of(bare)
    keeper.look_after_jobs()
    assert keeper.transport.entries() == set()  # whoever admitted it is still to be heard
    let_time_pass(bare, "outbox")
    for _ in range(3):
        keeper.look_after_jobs()
        keeper.transport.dispatch(job.job_id)
    assert keeper.transport.queue.get_job_ids() == [f"{job.job_id}_1_0"]


def test_an_entry_that_was_taken_and_never_claimed_is_written_again(bare):
    job = bare.submit()
    keeper = keeper_of(bare)
    keeper.transport.dispatch(job.job_id)
    keeper.transport.queue.empty()
    for _ in range(3):
        let_time_pass(bare, "queued", "outbox")
        keeper.look_after_jobs()
    assert keeper.transport.queue.get_job_ids() == [f"{job.job_id}_1_1"]


def test_an_entry_that_waits_for_long_is_left_alone(bare):
    job = bare.submit()
    keeper = keeper_of(bare)
    keeper.transport.dispatch(job.job_id)
    for _ in range(4):
        let_time_pass(bare, "queued")
        keeper.look_after_jobs()
    assert keeper.transport.queue.get_job_ids() == [f"{job.job_id}_1_0"]


def test_an_entry_of_a_job_that_does_not_wait_does_nothing(bare):
    job = bare.submit()
    bare.store.do(jobs.cancel_job(job.job_id, bare.account))
    tasks.prepare(tasks.Bench(bare.settings, bare.store.url, Library.load()))
    assert tasks.master_job(job.job_id) == "not waiting"
    assert not keeper_of(bare).transport.dispatch(job.job_id)


def test_masters_stored_without_an_end_are_made_again(bare):
    job = bare.submit()
    first = bare.store.do(lifecycle.claim(job.job_id, "dies", lease_ms=0))
    path = bare.settings.data_dir / "spotify.wav"
    path.write_bytes(b"first")
    bare.storage.put(path, output_name(job.job_id, first.attempt, "spotify.wav"))
    keeper_of(bare).look_after_jobs()
    again = bare.store.do(lifecycle.claim(job.job_id, "lives"))
    path.write_bytes(b"second")
    bare.storage.put(path, output_name(job.job_id, again.attempt, "spotify.wav"))
    keep = lifecycle.Keep(input_ms=0, output_ms=0)
    end = {"measured": {}, "results": [], "archive": None}
    assert not bare.store.do(lifecycle.end_done(job.job_id, first.attempt, keep, **end))
    assert bare.store.do(lifecycle.end_done(job.job_id, again.attempt, keep, **end))
    keeper_of(bare).retention.delete_expired()
    assert list(bare.storage.jobs()) == []


def test_a_message_of_an_ended_job_is_sent_by_whoever_keeps_next(bare):
    job = bare.submit(webhook_url="https://example.com/hook")
    bare.store.do(jobs.cancel_job(job.job_id, bare.account))
    told = []
    keeper = keeper_of(
        bare, lambda url, headers, body, settings: told.append((url, headers, body)) or Sent(500, None, 1)
    )
    assert keeper.courier.deliver_due() == 1
    keeper.courier.stop()
    stores.let_deliveries_be_due(bare.store)
    another = keeper_of(
        bare, lambda url, headers, body, settings: told.append((url, headers, body)) or Sent(200, None, 1)
    )
    assert another.courier.deliver_due() == 1
    another.courier.stop()
    assert [told[0][1]["webhook-id"]] * 2 == [each[1]["webhook-id"] for each in told]
    tries = bare.store.do(deliveries.read_deliveries(bare.account, deliveries.FOR_ONE_JOB))
    assert [each.status for each in tries] == [200, 500]


def test_a_killed_store_loses_nothing_that_it_answered(bare):
    admitted, stopping = [], threading.Event()

    def admit():
        while not stopping.is_set():
            try:
                admitted.append(stores.admit(bare.store, bare.account, cost=0).job_id)
                bare.store.do(jobs.cancel_job(admitted[-1], bare.account))
            except UnavailableError:
                time.sleep(0.02)

    threads = [threading.Thread(target=admit) for _ in range(3)]
    [thread.start() for thread in threads]
    for _ in range(3):
        seen = len(admitted)
        until(lambda seen=seen: len(admitted) > seen + 20)
        os.kill(bare.embedded.pid, signal.SIGKILL)
        until(lambda: not bare.embedded.runs())
        bare.embedded.start()
    stopping.set()
    [thread.join() for thread in threads]
    assert [job_id for job_id in admitted if bare.store.do(jobs.read_job(job_id)) is None] == []
    balanced(bare)


def test_a_power_cut_loses_a_whole_step_or_none_of_it(tmp_path):
    with Deployment(tmp_path / "a") as deployment:
        for _ in range(8):
            stores.admit(deployment.store, deployment.account)
        os.kill(deployment.embedded.pid, signal.SIGKILL)
        until(lambda: not deployment.embedded.runs())
        place = deployment.embedded.place.folder / "appendonlydir"
        (log,) = place.glob("*.incr.aof")
        whole, credits_left = log.read_bytes(), set()
        for cut in range(0, 1200, 97):  # the end of the file, as it is after the disk lost its last writes
            log.write_bytes(whole[: len(whole) - cut])
            deployment.embedded.start()
            credits_left.add(balanced(deployment))
            found = deployment.store.do(jobs.list_jobs(deployment.account, 50)).jobs
            assert len(found) == 100 - balanced(deployment)
            deployment.embedded.stop()
            shutil.rmtree(place)
            place.mkdir()
            log.write_bytes(whole)
            (place / "appendonly.aof.manifest").write_text(f"file {log.name} seq 1 type i\n")
        assert len(credits_left) > 1
        deployment.embedded.start()


def test_a_worker_waits_for_a_store_that_is_away(tmp_path):
    with Deployment(tmp_path) as deployment:
        deployment.worker()
        deployment.keeper()
        job = deployment.submit("sleep 2")
        deployment.running(job)
        deployment.embedded.stop()
        time.sleep(2.5)  # the job comes to its end meanwhile
        deployment.embedded.start()
        assert deployment.ended(job).status == "done"
        assert deployment.ended(deployment.submit()).status == "done"
        assert balanced(deployment) == 98

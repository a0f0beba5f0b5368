"""People, their sessions and the links that set an account up: what ends when, and what happens once."""

import subprocess
import sys
import threading

import pytest

from masterify_server import passwords
from masterify_server.refusals import RefusedError
from masterify_server.store import accounts, keys, sessions, setup, users
from masterify_server.store.moving import export_lines
from tests import stores

DAY_MS = 24 * 3600 * 1000


@pytest.fixture(params=stores.MAKES)
def store(request):
    return stores.fresh(request.param)


@pytest.fixture
def account(store):
    return stores.account(store)


@pytest.fixture
def ann(store, account):
    store.do(users.put_user("ann@example.com", account, "hash", "test"))
    return "ann@example.com"


def started(store, email, **about):
    session_id = sessions.new_session_id()
    assert store.do(sessions.start_session(session_id, email, "hash", **about))
    return session_id


def record_of(store, session_id):
    return f"{store.prefix}session:{users.digest(session_id)}"


def test_a_user_logs_in_until_the_session_ends(store, account):
    hashed = passwords.hash_password("a long password")
    store.do(users.put_user("Ann@Example.com", account, hashed, "test"))
    user = store.do(users.read_user("ann@example.com "))
    assert (user.account_id, passwords.is_right("a long password", user.password_hash)) == (account, True)
    assert not passwords.is_right("another password", user.password_hash)
    assert not passwords.is_right("nobody has this password", None)
    session = sessions.new_session_id()
    assert store.do(
        sessions.start_session(session, user.email, hashed, agent="Firefox", address="203.0.113.9")
    )
    held = store.do(sessions.read_session(session))
    assert (held.account_id, held.agent, held.address) == (account, "Firefox", "203.0.113.9")
    assert store.do(sessions.end_session(session))
    assert store.do(sessions.read_session(session)) is None
    assert not store.do(sessions.end_session(session))


def test_a_hash_is_as_slow_as_rfc_9106_asks_where_memory_is_short():
    made = "from masterify_server.passwords import hash_password; print(hash_password('a long password'))"
    said = subprocess.run([sys.executable, "-c", made], capture_output=True, text=True, check=True).stdout
    assert said.startswith(
        "$argon2id$v=19$m=65536,t=3,p=4$"
    )  # in this process tests hash faster, see conftest


def test_the_store_does_not_know_what_the_cookie_holds(store, ann):
    session = started(store, ann)
    for key in store.redis.scan_iter(f"{store.prefix}*"):
        assert session not in key
        if store.redis.type(key) == "hash":
            assert session not in str(store.redis.hgetall(key))


def test_a_password_that_was_changed_meanwhile_begins_no_session(store, ann):
    session = sessions.new_session_id()
    assert not store.do(sessions.start_session(session, ann, "the hash of before"))
    assert not store.do(sessions.start_session(session, "nobody@example.com", "hash"))
    assert store.do(sessions.list_sessions(ann)) == []


def test_a_session_that_is_not_used_ends_after_a_day_and_one_in_use_lives_on(store, ann):
    session = started(store, ann)
    record = record_of(store, session)
    assert DAY_MS - 60_000 < store.redis.pttl(record) <= DAY_MS
    long_ago = int(store.redis.hget(record, "seen_ms")) - 120_000
    store.redis.hset(record, "seen_ms", long_ago)
    store.redis.pexpire(record, 5_000)  # as a day later
    held = store.do(sessions.read_session(session))
    assert held.seen_ms > long_ago
    assert store.redis.pttl(record) > DAY_MS - 60_000


def test_a_session_in_use_is_written_once_a_minute(store, ann):
    session = started(store, ann)
    store.redis.pexpire(record_of(store, session), 5_000)
    store.do(sessions.read_session(session))
    assert store.redis.pttl(record_of(store, session)) <= 5_000


def test_no_session_outlives_two_weeks_however_much_it_is_used(store, ann):
    session = started(store, ann)
    record = record_of(store, session)
    until, seen = (int(each) for each in store.redis.hmget(record, "until_ms", "seen_ms"))
    assert until - seen == sessions.SESSION_MS == 14 * DAY_MS
    store.redis.hset(record, mapping={"until_ms": seen + 10_000, "seen_ms": seen - 120_000})
    assert store.do(sessions.read_session(session)) is not None
    assert store.redis.pttl(record) <= 10_000
    store.redis.hset(record, "until_ms", seen - 1)
    store.redis.persist(record)
    assert store.do(sessions.read_session(session)) is None


def test_sessions_are_listed_for_their_user_only_the_one_used_last_first(store, account, ann):
    first, second = started(store, ann, agent="a"), started(store, ann, agent="b")
    store.redis.hincrby(record_of(store, first), "seen_ms", -10)
    store.do(users.put_user("bob@example.com", account, "hash", "test"))
    started(store, "bob@example.com")
    found = store.do(sessions.list_sessions("ANN@example.com"))
    assert [each.agent for each in found] == ["b", "a"]
    assert found[0].handle == store.do(sessions.read_session(second)).handle
    assert store.do(sessions.read_session(found[0].handle)) is None  # it names the session and opens nothing


def test_sessions_that_ended_by_themselves_are_forgotten_at_the_next_login(store, ann):
    first = started(store, ann)
    store.redis.delete(record_of(store, first))
    assert store.do(sessions.list_sessions(ann)) == []
    started(store, ann)
    assert store.redis.scard(f"{store.prefix}user:{ann}:sessions") == 1


def test_one_session_is_ended_or_all_others_and_none_of_anybody_else(store, account, ann):
    here, there, third = (started(store, ann) for _ in range(3))
    store.do(users.put_user("bob@example.com", account, "hash", "test"))
    bobs = started(store, "bob@example.com")
    handle = store.do(sessions.read_session(there)).handle
    assert not store.do(sessions.end_one("bob@example.com", handle))
    assert store.do(sessions.end_one(ann, handle))
    assert not store.do(sessions.end_one(ann, handle))
    assert store.do(sessions.end_others(ann, here)) == 1
    alive = [store.do(sessions.read_session(each)) is not None for each in (here, there, third, bobs)]
    assert alive == [True, False, False, True]


def test_a_new_password_of_the_operator_ends_every_session(store, account, ann):
    held = [started(store, ann) for _ in range(2)]
    store.do(users.put_user(ann, account, "other", "test"))
    assert [store.do(sessions.read_session(each)) for each in held] == [None, None]
    with pytest.raises(RefusedError, match="EMAIL_TAKEN"):
        store.do(users.put_user(ann, stores.account(store), "hash", "test"))
    assert store.do(users.list_users(account)) == [ann]


def test_a_new_password_of_the_user_keeps_the_session_that_it_was_changed_in(store, account, ann):
    here, there = started(store, ann), started(store, ann)
    assert not store.do(users.change_password(ann, "not the hash", "new", here))
    assert store.do(sessions.read_session(there)) is not None
    assert store.do(users.change_password(ann, "hash", "new", here))
    assert store.do(users.read_user(ann)).password_hash == "new"
    assert store.do(sessions.read_session(here)) is not None
    assert store.do(sessions.read_session(there)) is None
    assert not store.do(users.change_password(ann, "hash", "newer", here))
    assert store.do(accounts.read_audit(account))[0].by == ann


def test_somebody_who_is_removed_logs_in_no_more(store, account, ann):
    session = started(store, ann)
    assert not store.do(users.delete_user(stores.account(store), ann, "test"))
    assert store.do(users.delete_user(account, "ANN@example.com", "test"))
    assert store.do(sessions.read_session(session)) is None
    assert store.do(users.read_user(ann)) is None
    assert store.do(users.list_users(account)) == []
    assert not store.do(users.delete_user(account, ann, "test"))
    store.do(users.put_user(ann, stores.account(store), "hash", "test"))  # and is free for another account


def test_a_setup_link_is_good_once(store, account):
    token = setup.new_token()
    assert store.do(setup.make_setup(account, token, "test"))
    assert store.do(setup.read_setup(token)) == store.do(setup.read_setup(token)) == account
    store.do(setup.use_setup(token, "Ann@example.com", "hash"))
    assert store.do(users.read_user("ann@example.com")).account_id == account
    assert store.do(setup.read_setup(token)) is None
    with pytest.raises(RefusedError, match="SETUP_EXPIRED"):
        store.do(setup.use_setup(token, "eve@example.com", "hash"))
    assert store.do(users.list_users(account)) == ["ann@example.com"]


def test_two_who_use_a_setup_link_at_once_make_one_user(store, account):
    token, said = setup.new_token(), []
    store.do(setup.make_setup(account, token, "test"))

    def use(number):
        try:
            said.append(store.do(setup.use_setup(token, f"a{number}@example.com", "hash")))
        except RefusedError as error:
            said.append(error.code)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(8)]
    [each.start() for each in threads]
    [each.join() for each in threads]
    assert sorted(map(str, said)) == ["None", *["SETUP_EXPIRED"] * 7]
    assert len(store.do(users.list_users(account))) == 1


def test_a_setup_link_expires_and_a_new_one_replaces_it(store, account):
    first, second = setup.new_token(), setup.new_token()
    store.do(setup.make_setup(account, first, "test"))
    assert 0 < store.redis.pttl(f"{store.prefix}setup:{users.digest(first)}") <= setup.SETUP_MS
    store.do(setup.make_setup(account, second, "test"))
    assert store.do(setup.read_setup(first)) is None
    assert store.do(setup.read_setup(second)) == account
    store.redis.pexpire(f"{store.prefix}setup:{users.digest(second)}", 1)
    threading.Event().wait(0.02)
    assert store.do(setup.read_setup(second)) is None
    assert not store.do(setup.make_setup("acc_nobody", first, "test"))


def test_an_address_of_another_account_leaves_the_setup_link_good(store, account, ann):
    other, token = stores.account(store), setup.new_token()
    store.do(setup.make_setup(other, token, "test"))
    with pytest.raises(RefusedError, match="EMAIL_TAKEN"):
        store.do(setup.use_setup(token, ann, "hash"))
    assert store.do(users.read_user(ann)).account_id == account
    assert store.do(setup.read_setup(token)) == other


def test_neither_sessions_nor_setup_links_are_exported(store, account, ann):
    started(store, ann)
    store.do(setup.make_setup(account, setup.new_token(), "test"))
    lines = list(export_lines(store))
    assert any(f'"user:{ann}"' in line for line in lines)
    assert not any('"key":"session:' in line or '"key":"setup:' in line for line in lines)


def test_a_key_gets_another_name_from_its_account_only(store, account):
    made = stores.key(store, account)
    assert not store.do(keys.rename_key(stores.account(store), made.key_id, "x", "test"))
    assert not store.do(keys.rename_key(account, "key_nothing", "x", "test"))
    assert store.do(keys.rename_key(account, made.key_id, "studio 노트북", "ann@example.com"))
    assert [each.name for each in store.do(keys.list_keys(account))] == ["studio 노트북"]
    assert store.do(accounts.read_audit(account))[0].action == "key.renamed"


def test_a_key_that_is_made_twice_at_once_is_one_key(store):
    account = stores.account(store, "starter")
    made = keys.key_of(b"seed" * 8)
    assert made == keys.key_of(b"seed" * 8)
    assert keys.KEY_FORM.fullmatch(made.secret)
    for _ in range(2):
        store.do(keys.create_key(account, made, "test", stores.PLANS, "test"))
    assert len(store.do(keys.list_keys(account))) == 1
    store.redis.hincrby(f"{store.prefix}key:{made.key_id}", "created_ms", -121_000)
    with pytest.raises(RefusedError, match="KEY_EXISTS"):
        store.do(keys.create_key(account, made, "test", stores.PLANS, "test"))
    with pytest.raises(RefusedError, match="KEY_EXISTS"):
        store.do(keys.create_key(stores.account(store), made, "test", stores.PLANS, "test"))


def test_making_a_key_again_does_not_bring_a_revoked_one_back(store, account):
    made = keys.key_of(b"seed" * 8)
    store.do(keys.create_key(account, made, "test", stores.PLANS, "test"))
    store.do(keys.revoke_key(account, made.key_id, "test"))
    with pytest.raises(RefusedError, match="KEY_EXISTS"):
        store.do(keys.create_key(account, made, "test", stores.PLANS, "test"))
    assert store.do(keys.authorize(made.secret, stores.PLANS)) is None


def test_a_key_that_is_rotated_twice_at_once_gets_one_successor(store, account):
    old, new = stores.key(store, account), keys.key_of(b"seed" * 8)
    assert [store.do(keys.rotate_key(account, old.key_id, new, "test")) for _ in range(2)] == [True, True]
    assert len(store.do(keys.list_keys(account))) == 2
    assert not store.do(keys.rotate_key(account, old.key_id, keys.new_key(), "test"))

from __future__ import annotations

from dataclasses import replace

import pytest

from core.conversation import Author, Reaction
from core.errors import SettingError
from core.people.access import Access, Listed
from tests.core.people.asking import ADA, BEN, call, message
from tests.fakes.clock import START

ADMIN = Author("U9", "Root")
STRANGER = Author("U404", "Eve")
LISTED = Access(users=["slack:T1:U1", "slack:T1:U9"], admins=["slack:T1:U9"])

ROLES = {
    "listed": (ADA, "T1", "slack", True, False),
    "admin": (ADMIN, "T1", "slack", True, True),
    "not listed": (BEN, "T1", "slack", False, False),
    "stranger": (STRANGER, "T1", "slack", False, False),
    "same id in another workspace": (ADMIN, "T2", "slack", False, False),
    "same id on another platform": (ADMIN, "T1", "teams", False, False),
}


@pytest.mark.parametrize(
    ("who", "workspace", "platform", "use", "configure"), ROLES.values(), ids=ROLES
)
def test_every_surface_decides_alike(who, workspace, platform, use, configure):
    said = message(by=who, workspace=workspace, platform=platform)
    called = replace(call("stats", by=who), conversation=said.conversation)
    reaction = Reaction(said.ref, who, "+1", added=True, at=START)

    assert LISTED.may_use(said) is use
    assert LISTED.may_call(called) is use
    assert LISTED.may_react(reaction) is use
    assert LISTED.may_speak(platform, workspace, who) is use
    assert LISTED.may_configure(called) is configure


def test_empty_lists_let_everyone_ask_and_nobody_configure():
    anybody = Access()

    assert anybody.may_use(message(by=STRANGER))
    assert not anybody.may_configure(call("settings", by=STRANGER))
    assert not anybody.may_configure(call("settings", by=Author("", "")))


def test_channels_restrict_even_those_who_are_listed():
    access = Access(users=["slack:T1:U1"], channels=["slack:T1:C1"], admins=["slack:T1:U1"])

    assert access.may_use(message(channel="C1"))
    assert not access.may_use(message(channel="C2"))
    assert not access.may_use(message(channel="C1", by=BEN))
    elsewhere = replace(call("settings"), conversation=message(channel="C2").conversation)
    assert not access.may_configure(elsewhere)


def test_an_admin_is_not_let_in_by_that_alone():
    assert not Access(users=["slack:T1:U1"], admins=["slack:T1:U2"]).may_use(message(by=BEN))


def test_ids_may_contain_colons():
    entry = Listed.parse(" Teams:tenant-1:19:abc:def@thread.tacv2 ", "ALLOWED_CHANNELS")

    assert entry == Listed("teams", "tenant-1", "19:abc:def@thread.tacv2")


def test_a_guid_is_the_same_in_upper_case_and_other_ids_are_not():
    tenant, person = "7E7A0000-1111-4222-8333-44445555ABCD", "AAAABBBB-1111-4222-8333-444455556666"

    assert Listed.parse(f"teams:{tenant}:{person}", "ADMIN_USERS") == Listed(
        "teams", tenant.lower(), person.lower()
    )
    assert Listed.parse("slack:T1:U1", "ADMIN_USERS") == Listed("slack", "T1", "U1")


@pytest.mark.parametrize("entry", ["U1", "slack:U1", "slack::U1", "slack:T1:", ":T1:U1", "  "])
@pytest.mark.parametrize(
    ("setting", "argument"),
    [("ALLOWED_USERS", "users"), ("ALLOWED_CHANNELS", "channels"), ("ADMIN_USERS", "admins")],
)
def test_an_entry_of_another_shape_stops_the_start_and_names_the_setting(entry, setting, argument):
    with pytest.raises(SettingError, match=f"^{setting}: .*platform:workspace:id"):
        Access(**{argument: [entry]})

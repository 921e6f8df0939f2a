"""What Teams tells twice, under an old id or a new one, all at once, or never told before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapters.demo.faults import Fault
from tests.e2e.tenant import Tenant, shown

if TYPE_CHECKING:
    from tests.standins.teams import Message

pytestmark = pytest.mark.asyncio(loop_scope="module")
PLACES = [("alice", "alice"), ("Lunch", "bob"), ("General", "bob")]
"""A chat, and who writes there."""


async def has_one_answer(tenant: Tenant, question: Message, holds: str) -> None:
    """After everything that was told has been acknowledged, and a later question answered."""
    await tenant.answer_to(question, holds)
    await tenant.told()
    await tenant.answer_to(tenant.ask("repeat: the last one", where="Random"), "the last one")
    assert holds in shown(tenant.answer_in(question))
    rows = tenant.ledger("SELECT kind FROM turns WHERE message_id = ?", question.id)
    assert rows == [{"kind": "question"}]


@pytest.mark.parametrize(("where", "who"), PLACES)
async def test_told_again_at_once_and_later_makes_one_answer(
    shared_tenant: Tenant, where: str, who: str
) -> None:
    tenant, people = shared_tenant, shared_tenant.people
    question = tenant.ask(f"repeat: told often in {where}", where=where, by=who)
    for _ in range(5):
        people.tell_again(question)
    people.tell_again(question, new_id=True, delay_s=0.0)
    await tenant.recorded(question)
    people.tell_again(question, new_id=True, delay_s=0.0)  # as after half a minute: it is done
    people.tell_again(question)
    await has_one_answer(tenant, question, f"told often in {where}")


async def test_a_hundred_copies_at_the_same_moment_make_one_answer(shared_tenant: Tenant) -> None:
    tenant = shared_tenant
    tenant.model.faults.switch(Fault("slow", seconds=0.3, times=1))
    question = tenant.ask("repeat: a storm")
    for number in range(100):
        tenant.people.tell_again(question, new_id=number % 2 == 0, delay_s=0.0)
    await has_one_answer(tenant, question, "a storm")


async def test_the_same_words_once_more_are_another_question(shared_tenant: Tenant) -> None:
    tenant = shared_tenant
    tenant.teams.workspace.add_group("Twice")
    for _ in range(2):
        await tenant.recorded(tenant.ask("repeat: again", where="Twice"))
    assert [one.text for one in tenant.teams.answers("Twice")] == ["again", "again"]


async def test_answers_of_a_thread_keep_the_order_in_which_questions_came(
    shared_tenant: Tenant,
) -> None:
    tenant = shared_tenant
    root = tenant.ask("repeat: root")
    await tenant.answer_to(root, "root")
    questions = [tenant.ask(f"repeat: number {n}", root=root.id) for n in range(2)]
    for question in questions:
        await tenant.recorded(question)
    told = tenant.teams.answers("General", root=root.id)
    assert [one.text for one in told] == ["root", "number 0", "number 1"]


async def test_a_question_older_than_the_last_one_is_answered_too(shared_tenant: Tenant) -> None:
    tenant = shared_tenant
    tenant.teams.workspace.add_group("Late")
    older = tenant.ask("repeat: the older one", where="Late", told=False)
    newer = tenant.ask("repeat: the newer one", where="Late")
    await tenant.recorded(newer)
    tenant.people.tell(older)
    await tenant.recorded(older)
    told = [one.text for one in tenant.teams.answers("Late")]
    assert told == ["the newer one", "the older one"]

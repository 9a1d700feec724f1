"""Several language models in parallel: evidence in, votes out. The only package that calls models.

    members = load_members("members.toml")
    with talking(Ensemble.of(members), problem) as talk:
        talk.ask(context)
        answers = talk.heard(wait=True)

LiteLLM and LangChain load when the first model is called.
"""

from recommender.llm._base import Chat, Member, Message, Offered, OfferedParameter, Read, Reply, Request
from recommender.llm.ensemble import Answer, Ensemble, Nobody, Talk, notes_of, talking
from recommender.llm.members import Caps, Members, load_members
from recommender.llm.reply import read_reply, to_proposals

__all__ = [
    "Answer",
    "Caps",
    "Chat",
    "Ensemble",
    "Member",
    "Members",
    "Message",
    "Nobody",
    "Offered",
    "OfferedParameter",
    "Read",
    "Reply",
    "Request",
    "Talk",
    "load_members",
    "notes_of",
    "read_reply",
    "talking",
    "to_proposals",
]

"""Work that takes long: how far it is, and a way to stop it."""

from gemini_pool.errors import NotFound
from gemini_pool.store.works import Work, WorkItem
from gemini_pool.web.api.described import Desk, Done, Shape
from gemini_pool.web.api.moments import told
from gemini_pool.wiring import services

bp = Desk("works", "/api/works")


class StepShown(Shape):
    name: str
    ms: int


class ItemShown(Shape):
    """`state` is waiting, running, ok, failed or skipped; `ref` the id of what it is about."""

    ref: str
    name: str
    state: str
    message: str
    steps: list[StepShown]


class WorkShown(Shape):
    """`state` is waiting, running, paused, done, cancelled, failed or cut_off; `done` counts items that need
    nothing more. What is `ordered` can be paused."""

    id: int
    kind: str
    title: str
    state: str
    total: int
    done: int
    counts: dict[str, int]
    message: str
    ordered: bool
    started_at: str | None
    ended_at: str | None


class WorksShown(Shape):
    works: list[WorkShown]


class WorkWithItems(Shape):
    work: WorkShown
    items: list[ItemShown]


class Again(Shape):
    """`work_id` is null where nothing had failed, or all of it is under way."""

    success: bool = True
    work_id: int | None


@bp.operation("GET")
def works() -> WorksShown:
    """The latest pieces of work, the newest first."""
    return WorksShown(works=[shown(work) for work in services().works.recent()])


@bp.operation("GET", "/<id:work_id>", errors=(404,))
def work(work_id: int) -> WorkWithItems:
    """A piece of work and its items."""
    s = services()
    return WorkWithItems(work=shown(_known(work_id)), items=[_item(one) for one in s.works.items(work_id)])


@bp.operation("POST", "/<id:work_id>/cancel", errors=(404,))
def cancel(work_id: int) -> Done:
    """Stop work: what is under way is finished, nothing further begun."""
    _known(work_id)
    s = services()
    stopped = s.works.cancel(work_id)
    s.orders.tidy()  # what nobody is at ends here
    return Done(success=stopped)


@bp.operation("POST", "/<id:work_id>/pause", errors=(404,))
def pause(work_id: int) -> Done:
    """Begin no further item; what is under way is finished. For sign-ins alone."""
    _known(work_id)
    return Done(success=services().orders.pause(work_id, paused=True))


@bp.operation("POST", "/<id:work_id>/resume", errors=(404,))
def resume(work_id: int) -> Done:
    """Go on where it was paused."""
    _known(work_id)
    return Done(success=services().orders.pause(work_id, paused=False))


@bp.operation("POST", "/<id:work_id>/again", errors=(404,))
def again(work_id: int) -> Again:
    """Order anew what failed. For sign-ins alone."""
    work, s = _known(work_id), services()
    errands = s.orders.failed(work_id) if work.ordered else []
    return Again(work_id=s.orders.place(work.kind, work.title, errands, urgent=True) if errands else None)


def shown(work: Work) -> WorkShown:
    return WorkShown(
        id=work.id,
        kind=work.kind,
        title=work.title,
        state=work.state.value,
        total=work.total,
        done=work.done,
        counts=work.counts,
        message=work.message,
        ordered=work.ordered,
        started_at=told(work.started_at),
        ended_at=told(work.ended_at),
    )


def _known(work_id: int) -> Work:
    """NotFound."""
    work = services().works.get(work_id)
    if work is None:
        raise NotFound(f"There is no work {work_id}, or it was forgotten since.")
    return work


def _item(item: WorkItem) -> ItemShown:
    return ItemShown(
        ref=item.ref,
        name=item.name,
        state=item.state.value,
        message=item.message,
        steps=[StepShown(name=step.name, ms=step.ms) for step in item.steps],
    )

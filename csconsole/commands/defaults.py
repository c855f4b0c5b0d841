"""The commands of the console with their default keys, and the presets that differ from them.

No command lies on a capital W, Z, X or M, on 2 or 3 alone or on ``! } " ` ~``: with the Kedmanee layout on, those keys
send another key's ASCII character, and a program cannot tell.
"""

from __future__ import annotations

from csconsole.commands.context import ComposerState, Context, Pane
from csconsole.commands.registry import Category, Command, Condition, Reason, Registry, always

_LISTS = frozenset({Pane.QUEUE, Pane.LIST})
_CASES = frozenset({Pane.QUEUE, Pane.TRANSCRIPT, Pane.PROFILE})
_NORMAL = frozenset({Pane.QUEUE, Pane.TRANSCRIPT, Pane.PROFILE, Pane.LIST})
_TRANSCRIPT = frozenset({Pane.TRANSCRIPT})
_COMPOSER = frozenset({Pane.COMPOSER})
_QUEUE = frozenset({Pane.QUEUE})
_ALL = frozenset(Pane)


def _on_case(context: Context) -> Reason | None:
    return None if context.has_target else "reason.no_conversation"


def _change_case(context: Context) -> Reason | None:
    return "reason.read_only" if context.read_only else _on_case(context)


def _one_case(context: Context) -> Reason | None:
    if context.selected > 1:
        return "reason.one_at_a_time"
    return None if context.conversation is not None else "reason.no_conversation"


def _open(context: Context) -> Reason | None:
    return None if context.pane is Pane.LIST and context.has_list_row else _one_case(context)


def _answer(context: Context) -> Reason | None:
    return "reason.read_only" if context.read_only else _one_case(context)


def _merge(context: Context) -> Reason | None:
    if context.read_only:
        return "reason.read_only"
    return None if context.selected > 1 else "reason.select_two"


def _on_message(context: Context) -> Reason | None:
    return None if context.has_message else "reason.no_message"


def _on_folds(context: Context) -> Reason | None:
    return None if context.conversation is not None else "reason.no_conversation"


def _quote(context: Context) -> Reason | None:
    return _answer(context) or _on_message(context)


def _on_file(context: Context) -> Reason | None:
    return None if context.has_attachment else "reason.no_attachment"


def _held(context: Context) -> Reason | None:
    return None if context.has_held else "reason.nothing_held"


def _undo(context: Context) -> Reason | None:
    return None if context.can_undo else "reason.nothing_to_undo"


def _repeat(context: Context) -> Reason | None:
    return None if context.can_repeat else "reason.nothing_to_repeat"


def _send(context: Context) -> Reason | None:
    if context.read_only:
        return "reason.read_only"
    if context.composer is ComposerState.BLOCKED:
        return "reason.unfilled"
    return None if context.composer is ComposerState.WRITTEN else "reason.nothing_written"


def _command(
    command_id: str,
    keys: str,
    panes: frozenset[Pane],
    category: Category,
    when: Condition = always,
    *,
    words: str = "",
    hint: int | None = None,
    customer: bool = False,
    destructive: bool = False,
) -> Command:
    """A row of the table below; keys and words parted by spaces and commas respectively."""
    return Command(
        id=command_id,
        keys=tuple(keys.split()),
        panes=panes,
        category=category,
        when=when,
        customer_visible=customer,
        destructive=destructive,
        hint=hint,
        words=tuple(word.strip() for word in words.split(",") if word.strip()),
    )


_c = _command
_MOVE, _GO, _ANSWER, _CASE = Category.MOVE, Category.GO, Category.ANSWER, Category.CASE
_SELECT, _FIND, _WRITE, _SYSTEM = Category.SELECT, Category.FIND, Category.WRITE, Category.SYSTEM

_TABLE: tuple[Command, ...] = (
    # Moving
    _c("move.down", "j down", _NORMAL, _MOVE),
    _c("move.up", "k up", _NORMAL, _MOVE),
    _c("move.first", "gg home", _NORMAL, _MOVE),
    _c("move.last", "G end", _NORMAL, _MOVE),
    _c("move.half_down", "ctrl+d pagedown", _NORMAL, _MOVE),
    _c("move.half_up", "ctrl+u pageup", _NORMAL, _MOVE),
    _c("move.read_on", "space", _CASES, _MOVE, hint=60),
    _c("queue.next", "J", _CASES, _MOVE, words="next"),
    _c("queue.previous", "K", _CASES, _MOVE, words="previous"),
    _c("conversation.open", "enter", _LISTS, _MOVE, _open, hint=5),
    _c("go.back", "escape q", _NORMAL, _MOVE, words="back, quit"),
    _c("pane.next", "tab l", _NORMAL, _MOVE),
    _c("pane.previous", "shift+tab h", _NORMAL, _MOVE),
    _c("pane.overlay", "F", _NORMAL, _MOVE),
    _c("view.next", "]", _NORMAL, _MOVE),
    _c("view.previous", "[", _NORMAL, _MOVE),
    _c("profile.toggle", "i", _CASES, _MOVE, words="profile, โปรไฟล์, ข้อมูลลูกค้า", hint=70),
    # Going to a place
    _c("go.mine", "gi", _NORMAL, _GO, words="mine, ของฉัน"),
    _c("go.unassigned", "gu", _NORMAL, _GO, words="unassigned, ยังไม่มีคนรับ, ลอย"),
    _c("go.all", "ga", _NORMAL, _GO, words="all, ทั้งหมด"),
    _c("go.mentions", "gm", _NORMAL, _GO, words="mentions, กล่าวถึง, เมนชั่น"),
    _c("go.snoozed", "gs", _NORMAL, _GO, words="snoozed, เคสที่พักไว้"),
    _c("go.drafts", "gd", _NORMAL, _GO, words="drafts, ร่าง"),
    _c("go.outbox", "go", _NORMAL, _GO, words="outbox, รอส่ง, คิวส่งออก"),
    _c("go.failed", "gf", _NORMAL, _GO, words="failed, ส่งไม่สำเร็จ"),
    _c("go.promises", "gp", _NORMAL, _GO, words="promises, รับปากไว้"),
    _c("go.notices", "gn", _NORMAL, _GO, words="notices, ประกาศ"),
    _c("go.review", "gc", _NORMAL, _GO, words="review, coach, พี่เลี้ยง"),
    _c("go.board", "gt", _NORMAL, _GO, words="board, team live, กระดานสด"),
    _c("go.reports", "gr", _NORMAL, _GO, words="reports, รายงาน"),
    _c("go.knowledge", "gk", _NORMAL, _GO, words="knowledge, คลังความรู้"),
    _c("go.handover", "gh", _NORMAL, _GO, words="handover, ส่งกะ"),
    _c("go.quarantine", "gq", _NORMAL, _GO, words="quarantine, กักไว้"),
    _c("go.triage", "gx", _NORMAL, _GO, words="triage, ไล่เคส, คัดเคส"),
    *(_c(f"live.{n}", f"g{n}", _NORMAL, _GO) for n in range(1, 10)),
    # Answering
    _c("reply.start", "r", _CASES, _ANSWER, _answer, words="reply, ตอบ, ตอบลูกค้า", hint=10),
    _c("reply.all", "R", _CASES, _ANSWER, _answer, words="reply all, ตอบทุกคน"),
    _c("note.start", "m", _CASES, _ANSWER, _answer, words="note, โน้ต, โน้ตในทีม", hint=12),
    _c("canned.pick", ";", _CASES, _ANSWER, _change_case, words="canned, คำตอบสำเร็จรูป, เทมเพลต", hint=14),
    _c("macro.pick", "@", _CASES, _ANSWER, _change_case, words="macro, ชุดคำสั่ง, มาโคร", hint=50),
    _c("conversation.new", "c", _CASES, _ANSWER, words="new, call, walkin, สายเข้า, หน้าร้าน"),
    _c("mail.write", "C", _CASES, _ANSWER, words="new mail, write, เขียนเมล, อีเมลใหม่"),
    _c("reply.pull_back", "backspace", _CASES, _ANSWER, _held, words="pull back, ดึงกลับ", hint=1),
    _c(
        "reply.send_now",
        "enter",
        _TRANSCRIPT | {Pane.PROFILE},
        _ANSWER,
        _held,
        words="send now, ส่งเดี๋ยวนี้",
        customer=True,
    ),
    _c("conversation.forward", "f", _CASES, _ANSWER, _change_case, words="forward, escalate, ส่งเรื่องต่อ", hint=30),
    # The case
    _c("case.resolve", "e", _CASES, _CASE, _change_case, words="resolve, จบเคส, ปิดเคส", hint=35, customer=True),
    _c("case.resolve_next", "E", _CASES, _CASE, _change_case, words="resolve next", hint=36, customer=True),
    _c("case.reopen", "O", _CASES, _CASE, _change_case, words="reopen, เปิดเคสอีกครั้ง"),
    _c("case.status", "s", _CASES, _CASE, _change_case, words="status, สถานะ"),
    _c("case.snooze", "z", _CASES, _CASE, _change_case, words="snooze, พักไว้, สนูซ", hint=40),
    _c("case.snooze_tomorrow", "zz", _CASES, _CASE, _change_case, words="snooze tomorrow"),
    _c("case.assign", "a", _CASES, _CASE, _change_case, words="assign, มอบหมาย, แจก, แอสไซน์", hint=25),
    _c("case.take", "A", _CASES, _CASE, _change_case, words="take, claim, รับเคส, หยิบ"),
    _c("case.tag", "t", _CASES, _CASE, _change_case, words="tag, แท็ก, แท็กเคส", hint=20),
    *(_c(f"tag.hot_{n}", f"t{n}", _CASES, _CASE, _change_case) for n in (*range(1, 10), 0)),
    _c("customer.tag", "T", _CASES, _CASE, _change_case, words="customer tag, แท็กลูกค้า"),
    _c("customer.note", "gN", _CASES, _CASE, _answer, words="customer note, โน้ตลูกค้า"),
    _c("customer.conversations", "H", _CASES, _CASE, _one_case, words="history, earlier, ประวัติ, ติดต่อก่อนหน้า"),
    _c("case.priority", "p", _CASES, _CASE, _change_case, words="priority, ความด่วน"),
    _c("case.reason", "gR", _CASES, _CASE, _change_case, words="reason, contact reason, สาเหตุที่ติดต่อ"),
    _c("case.kind", "gK", _CASES, _CASE, _change_case, words="kind, ประเภท"),
    _c("case.unread", "U", _CASES, _CASE, _change_case, words="unread, ยังไม่อ่าน"),
    _c("case.watch", "w", _CASES, _CASE, _on_case, words="watch, ติดตาม"),
    _c("case.merge", "&", _CASES, _CASE, _merge, words="merge, รวมเคส"),
    _c("case.split", "#", _TRANSCRIPT, _CASE, _on_message, words="split, แยกเคส"),
    _c("case.spam", "D", _CASES, _CASE, _change_case, words="spam, delete, สแปม", destructive=True),
    _c("action.undo", "u", _NORMAL, _CASE, _undo, words="undo, ย้อนกลับ, ย้อน"),
    _c("action.repeat", ".", _NORMAL, _CASE, _repeat, words="repeat, ทำซ้ำ"),
    # Selecting, taking away
    _c("select.toggle", "x", _LISTS, _SELECT, words="select, เลือก"),
    _c("select.range", "v", _LISTS, _SELECT, words="select range"),
    _c("select.all", "*", _LISTS, _SELECT, words="select all, เลือกทั้งหมด"),
    _c("message.previous", ",", _TRANSCRIPT, _SELECT, _on_message, words="mark message, เลือกข้อความ"),
    _c("message.next", "<", _TRANSCRIPT, _SELECT, _on_message),
    _c("message.open", "o", _CASES, _SELECT, _on_file, words="open, picture, รูป, ลิงก์"),
    _c("message.save", "S", _TRANSCRIPT, _SELECT, _on_file, words="save, บันทึกไฟล์"),
    _c("message.expand", "V", _TRANSCRIPT, _SELECT, _on_message, words="show all, แสดงทั้งหมด"),
    _c("message.folds", "Q", _CASES, _SELECT, _on_folds, words="quoted text, signature, ข้อความอ้างถึง, ลายเซ็น"),
    _c("message.quote", ">", _TRANSCRIPT, _SELECT, _quote, words="quote, อ้างข้อความ"),
    _c("copy.number", "y", _CASES, _SELECT, _on_case, words="copy, คัดลอก"),
    _c("copy.title", "yy", _CASES, _SELECT, _on_case),
    _c("copy.link", "Y", _CASES, _SELECT, _on_case, words="copy link, คัดลอกลิงก์"),
    # Finding
    _c("search.start", "/", _NORMAL, _FIND, words="search, ค้นหา", hint=65),
    _c("search.next", "n", _NORMAL, _FIND),
    _c("search.previous", "N", _NORMAL, _FIND),
    _c("filter.start", "\\", _QUEUE, _FIND, words="filter, กรอง"),
    _c("queue.refresh", "ctrl+r", _NORMAL, _FIND, words="refresh, sync, ซิงก์, รวมเข้าคิว"),
    # Writing
    _c("reply.send", "ctrl+s alt+enter ctrl+enter", _COMPOSER, _WRITE, _send, hint=1, customer=True),
    _c("composer.newline", "ctrl+j", _COMPOSER, _WRITE),
    _c("composer.templates", "ctrl+t", _COMPOSER, _WRITE, hint=2),
    _c("composer.switch_note", "ctrl+n", _COMPOSER, _WRITE, hint=3),
    _c("composer.mend_layout", "ctrl+l", _COMPOSER, _WRITE, hint=4, words="mend layout, แก้แป้นผิด"),
    _c("composer.proofread", "ctrl+g", _COMPOSER, _WRITE, hint=5, words="proofread, ตรวจสำนวน"),
    _c("composer.quote", "ctrl+r", _COMPOSER, _WRITE),
    _c("composer.attach", "ctrl+f", _COMPOSER, _WRITE, words="attach, file, แนบไฟล์"),
    _c("composer.detach", "", _COMPOSER, _WRITE, words="detach, เอาไฟล์ออก"),
    _c("composer.copies", "ctrl+y", _COMPOSER, _WRITE, words="cc, copies, สำเนา"),
    _c("composer.expand", "tab", _COMPOSER, _WRITE, words="shortcut, คีย์ลัด"),
    _c("composer.editor", "ctrl+o", _COMPOSER, _WRITE, words="editor"),
    _c("composer.leave", "escape", _COMPOSER, _WRITE, hint=9),
    # The program
    _c("help.show", "? f1", _ALL - {Pane.COMPOSER, Pane.LINE}, _SYSTEM, words="help, keys, วิธีใช้", hint=90),
    _c("line.command", ":", _NORMAL, _SYSTEM, words="command"),
    _c("palette.open", "ctrl+p", _ALL, _SYSTEM, words="palette"),
    _c("screen.redraw", "ctrl+l", _NORMAL, _SYSTEM, words="redraw"),
    _c("shell.pipe", "|", _CASES, _SYSTEM, _on_case, words="pipe"),
    _c("app.suspend", "ctrl+z", _ALL, _SYSTEM),
)

MUTT: dict[str, str] = {
    "go.back": "q escape i",
    "profile.toggle": "I",
    "reply.all": "g",
    "move.first": "home =",
    "case.tag": "T",
    "customer.tag": "",
    "select.toggle": "t x",
    "canned.pick": "'",
    "filter.start": "l \\",
    "pane.next": "tab",
    "pane.previous": "shift+tab",
    "conversation.new": "m c",
    "note.start": "N",
    "search.previous": "",
}
"""What a mutt user's fingers expect; ``g`` alone then answers everybody after a moment or on Enter."""

GMAIL: dict[str, str] = {
    "reply.all": "a",
    "case.assign": "l",
    "pane.next": "tab",
    "case.snooze": "b",
    "case.snooze_tomorrow": "bb",
    "case.spam": "#",
    "case.split": "",
    "go.back": "u escape q",
    "action.undo": "z",
    "select.all": "*",
    "note.start": "m",
}
"""What a Gmail user's fingers expect."""

PRESETS: dict[str, dict[str, str]] = {"default": {}, "mutt": MUTT, "gmail": GMAIL}
"""Deltas to the default keys, by the name in ``[ui] keymap``."""


PLANNED: frozenset[str] = frozenset(
    {
        "action.repeat",
        "case.merge",
        "case.split",
        "case.watch",
        "conversation.new",
        "copy.link",
        "go.board",
        "go.handover",
        "go.knowledge",
        "go.mentions",
        "go.notices",
        "go.promises",
        "go.reports",
        "go.review",
        "go.triage",
        "macro.pick",
        "message.open",
        "pane.overlay",
        "shell.pipe",
    }
)
"""Commands whose keys are kept for them but which nothing runs yet: they are shown nowhere."""


def default_registry() -> Registry:
    """All commands that run, each with its default keys."""
    return Registry(command for command in _TABLE if command.id not in PLANNED)


def planned_registry() -> Registry:
    """All commands, also those that nothing runs yet: no other may take their keys."""
    return Registry(_TABLE)

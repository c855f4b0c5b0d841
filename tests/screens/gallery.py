"""The widgets with static data in the layout of the console, to be looked at in a terminal of any size.

``python -m tests.screens.gallery [--lang th|en] [--theme NAME] [--rows N]``; keys are those of the default key map.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence

from textual import events
from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical

from csconsole.commands.context import Context, Pane
from csconsole.commands.defaults import default_registry
from csconsole.commands.keymap import Keymap, KeyReader, Outcome
from csconsole.commands.notation import stroke_of
from csconsole.i18n import Catalog
from csconsole.terminal import patches
from csconsole.terminal.gc import KeyedCollector
from csconsole.themes.textual_themes import register
from csconsole.widgets.bars import Freshness, Health, Hint, HintBar, MessageLine, StatusHeader, Tab, Tone, ViewTabs
from csconsole.widgets.composer import Composer
from csconsole.widgets.composer_frame import Finding, Level, Surface, Target
from csconsole.widgets.line_input import LineInput
from csconsole.widgets.picker import Picker, PickerItem
from csconsole.widgets.profile import CaseFacts, Profile
from csconsole.widgets.queue_list import QueueList
from csconsole.widgets.quiet_screen import QuietScreen
from csconsole.widgets.transcript import Transcript
from csconsole.widgets.transcript_lines import TranscriptSetting
from tests.screens import shop

CANNED = (
    PickerItem("pickup", "ไปรับที่บ้าน", "return.pickup  /ไปรับที่บ้าน", "วันนี้ 12"),
    PickerItem("timeline", "กี่วันได้เงิน (นับวันให้)", "refund.timeline  /กี่วันได้เงิน", "วันนี้ 9"),
    PickerItem("approved", "อนุมัติคืนเงิน", "refund.approved  /คืนเงิน", "", "รออนุมัติ"),
    PickerItem("ack", "รับเรื่องร้องเรียน", "complaint.ack  /รับเรื่อง", "วันนี้ 6"),
    PickerItem("oct", "โปรเดือนก่อน", "promo.oct  /โปรตุลา", "", "หมดอายุ 31 ต.ค."),
)
TAGS = tuple(PickerItem(tag, tag, on=tag == "refund") for tag in ("complaint", "refund", "delivery", "warranty"))


def find_canned(text: str) -> Sequence[PickerItem]:
    return [item for item in CANNED if text.casefold() in f"{item.label} {item.middle}".casefold()]


class Gallery(App[None]):
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #panes, #middle, #left { height: 1fr; }
    #queue { height: 1fr; }
    .wide #left { width: 38; border-right: solid $muted; }
    .wide #middle { width: 1fr; }
    .wide Profile { width: 32; border-left: solid $muted; }
    .two Profile, .one Profile { display: none; }
    .two #left { width: 38; border-right: solid $muted; }
    .one #panes { layout: vertical; }
    .one #left { width: 1fr; height: 4; border-bottom: solid $muted; }
    Transcript { height: 1fr; }
    LineInput { display: none; }
    """

    def __init__(self, language: str = "th", theme: str = "dark", rows: int = 400) -> None:
        patches.install()
        super().__init__()
        register(self)
        self.theme = theme
        self.words = Catalog(language)
        self.registry = default_registry()
        self.keymap = Keymap(self.registry)
        self.reader = KeyReader(self.keymap)
        self.rows = shop.Rows(rows)
        self.collector: KeyedCollector | None = None

    def get_default_screen(self) -> QuietScreen:
        return QuietScreen(id="_default")

    def compose(self) -> ComposeResult:
        language = self.words.language
        yield StatusHeader(self.words)
        yield ViewTabs()
        with Horizontal(id="panes"):
            with Vertical(id="left"):
                yield QueueList(self.rows, shop.setting(language), self.words, 2, id="queue")
            with Vertical(id="middle"):
                yield Transcript(TranscriptSetting(shop.NOW, shop.ZONE, self.words, "แอน"))
                yield Composer(self.words)
            yield Profile(self.words, shop.ZONE)
        yield LineInput(self.words, "/", count=lambda text: 41 if "คืนเงิน".startswith(text) else 0)
        yield HintBar()
        yield MessageLine()

    def on_mount(self) -> None:
        self.fit(self.size.width)
        thai = self.words.language == "th"
        self.query_one(StatusHeader).show(
            "นก · กะเช้าถึง 16.00 · แชท 4/5" if thai else "Nok · until 16:00 · chats 4/5",
            [
                Freshness("LINE", "12:00:04", fresh=13, total=13),
                Freshness("เมล" if thai else "Mail", "12:00:01"),
                Freshness("FB IG TT X", "12:00"),
                Freshness("SMS", "11:41", Health.STALE),
            ],
            outbox=1,
            uncertain=1,
        )
        labels = (
            ("ของฉัน", "ยังไม่มีคนรับ", "ใกล้หลุด", "VIP", "ทั้งหมด") if thai else ("Mine", "Unassigned", "Due", "VIP", "All")
        )
        counts = (4, 1, 2, 1, 99)
        tabs = [Tab(k, k, n, c, c == 99, k == "d") for k, n, c in zip("iudva", labels, counts, strict=True)]
        self.query_one(ViewTabs).show(tabs, "i", "ประกาศ 1: SMS ปลอม (gn)" if thai else "Notice 1: fake SMS (gn)")
        self.query_one(Transcript).show(shop.talk(), read_seq=6)
        self.query_one(Profile).show(
            shop.customer(),
            CaseFacts(shop.CASE_TAGS, "complaint", "สินค้าชำรุด", True, [["ออเดอร์ KJ69110342", "24 พ.ย. 2,490 บัตร"]]),
            shop.NOW,
        )
        composer = self.query_one(Composer)
        composer.open(Target(20410, "LINE", "สยาม", "คุณแอน"), Surface.PUBLIC, "ได้ค่ะ คุณแอน ไปรับที่บ้านวันเสาร์ 28 พ.ย. 2569")
        composer.set_counters("1 บับเบิล 139/5000", "พุช 1 (เดือนนี้ 24,120/35,000)")
        composer.set_hints([("^S", "ส่ง"), ("^T", "คำตอบ"), ("^N", "โน้ต"), ("^L", "แก้แป้นผิด"), ("Esc", "พัก")])
        self.query_one(MessageLine).hold("ถือไว้ → ฟ้า: 1 บับเบิล จะส่งใน 2 วิ")
        self.query_one(MessageLine).set_right("ศ. 27 พ.ย. 12:00")
        self.query_one("#queue").focus()
        self.hint()
        self.collector = KeyedCollector(asyncio.get_running_loop().call_later)
        self.call_after_refresh(self.collector.start)

    def on_unmount(self) -> None:
        if self.collector is not None:
            self.collector.stop()

    def on_resize(self, event: events.Resize) -> None:
        self.fit(event.size.width)

    def fit(self, width: int) -> None:
        name = "wide" if width >= 120 else "two" if width >= 90 else "one"
        self.screen.set_classes(name)
        self.query_one(QueueList).set_rows_height(1 if name == "one" else 2)
        self.query_one(Composer).set_rows(2 if name == "one" else 3)

    @property
    def pane(self) -> Pane:
        focused = self.focused
        if isinstance(focused, Transcript):
            return Pane.TRANSCRIPT
        if isinstance(focused, Profile):
            return Pane.PROFILE
        return Pane.QUEUE if isinstance(focused, QueueList) else Pane.COMPOSER

    def hint(self) -> None:
        context = Context(pane=self.pane, conversation=self.query_one(QueueList).current, agent="nok")
        hints = [
            Hint(self.keymap.shown(command.id), self.words.t(command.hint_key))
            for command in self.registry.hints(context, 8)
        ]
        self.query_one(HintBar).show(hints, pending=self.reader.pending, right=self.words.t("bar.layout.th"))

    def on_key(self, event: events.Key) -> None:
        if self.collector is not None:
            self.collector.key_pressed()
        if isinstance(self.focused, (Picker, LineInput)):
            return
        stroke = stroke_of(event.key, event.character)
        while stroke:
            outcome = self.reader.feed(stroke, self.pane)
            if outcome.command or outcome.pending or outcome.caps_lock:
                event.stop()
                event.prevent_default()
            self.take(outcome)
            stroke = outcome.rest

    def take(self, outcome: Outcome) -> None:
        if outcome.caps_lock:
            self.query_one(MessageLine).show(self.words.t("bar.caps"), Tone.WARN)
        if outcome.command:
            self.run_command(outcome.command)
        if outcome.pending or not outcome.command:
            self.hint()

    def run_command(self, command: str) -> None:
        queue, talk, composer = self.query_one(QueueList), self.query_one(Transcript), self.query_one(Composer)
        in_talk = self.pane is Pane.TRANSCRIPT
        acts = {
            "move.down": lambda: talk.select(1) if in_talk else queue.move(1),
            "move.up": lambda: talk.select(-1) if in_talk else queue.move(-1),
            "move.half_down": lambda: talk.half_page(1) if in_talk else queue.half_page(1),
            "move.half_up": lambda: talk.half_page(-1) if in_talk else queue.half_page(-1),
            "move.first": lambda: talk.to_first() if in_talk else queue.first(),
            "move.last": lambda: talk.to_last() if in_talk else queue.last(),
            "select.toggle": queue.toggle_mark,
            "select.range": queue.marks.toggle_range,
            "pane.next": self.action_focus_next,
            "pane.previous": self.action_focus_previous,
            "reply.start": lambda: (composer.set_surface(Surface.PUBLIC), composer.editor.focus()),
            "note.start": lambda: (composer.set_surface(Surface.NOTE), composer.editor.focus()),
            "composer.leave": queue.focus,
            "composer.mend_layout": composer.mend_layout,
            "composer.switch_note": composer.switch_note,
            "reply.send": composer.send,
            "composer.proofread": self.show_findings,
            "reply.pull_back": lambda: None,
            "canned.pick": self.pick_canned,
            "composer.templates": self.pick_canned,
            "case.tag": lambda: self.mount(
                Picker(self.words, "แท็กเคส", lambda t: [i for i in TAGS if t in i.label], creates=True)
            ),
            "macro.pick": lambda: self.show_held(composer),
            "search.start": self.search,
            "queue.refresh": lambda: queue.announce(0 if queue.new_rows else 3),
            "go.back": self.exit,
        }
        acts.get(command, lambda: self.query_one(MessageLine).show(self.words.t(f"command.{command}")))()
        if command.startswith(("pane.", "reply.", "note.", "composer.leave")):
            self.hint()

    def show_findings(self) -> None:
        self.query_one(Composer).set_findings(
            [
                Finding(Level.WARN, "'นะค่ะ' ควรเป็น 'นะคะ'", "^G แก้"),
                Finding(Level.BLOCK, "ยังขาดวันที่ไปรับ", "ต้องเติม"),
                Finding(Level.NEWS, "แพรตอบไปเมื่อ 20 วิก่อน", "^R ดู"),
            ]
        )

    def show_held(self, composer: Composer) -> None:
        composer.editor.set_text("")
        composer.set_held(["ได้ค่ะ คุณแอน ไปรับที่บ้านวันเสาร์ หลัง 18.00 น. นะคะ", "เงินคืน 2,490 บาท เข้าบัตรเดิมค่ะ"], 2)

    def pick_canned(self) -> None:
        note = "เรียงตามข้อความล่าสุดของลูกค้า"
        preview = ["ได้ค่ะ คุณแอน ไปรับที่บ้านวัน[วันที่ไปรับ?] ไม่มีค่าใช้จ่าย", "ขาด 2 ช่อง: วันที่ไปรับ, ช่วงเวลา"]
        picker = Picker(
            self.words, self.words.t("canned.title"), find_canned, note=note, several=True, preview=lambda _: preview
        )
        assert isinstance(self.screen, QuietScreen)
        self.screen.overlay(picker)
        self.call_after_refresh(picker.focus)

    def search(self) -> None:
        field = self.query_one(LineInput)
        field.display = True
        field.focus()

    def on_picker_closed(self, event: Picker.Closed) -> None:
        event.picker.remove()
        self.query_one(QueueList).focus()

    def on_picker_chosen(self, event: Picker.Chosen) -> None:
        event.picker.remove()
        self.query_one(Composer).insert(" ".join(event.ids))
        self.query_one(Composer).editor.focus()

    def on_line_input_cancelled(self, event: LineInput.Cancelled) -> None:
        event.field.display = False
        self.query_one(QueueList).focus()

    def on_composer_notice(self, event: Composer.Notice) -> None:
        self.query_one(MessageLine).show(event.text, Tone.WARN)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lang", default="th")
    parser.add_argument("--theme", default="dark")
    parser.add_argument("--rows", type=int, default=400)
    options = parser.parse_args()
    Gallery(options.lang, options.theme, options.rows).run()


if __name__ == "__main__":
    main()

"""A screen that does not repaint itself when the focus moves."""

from __future__ import annotations

from typing import Any, Self

from textual._ansi_sequences import SYNC_END, SYNC_START
from textual.geometry import Region, Size
from textual.map_geometry import MapGeometry
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import AwaitMount, Widget

from csconsole.widgets.direct import lines_for, written

SHORT_FRAME = 512
"""Characters up to which a frame goes without the marks of synchronised output."""


class QuietScreen(Screen[Any]):
    """The base of the console's screens.

    Textual repaints the whole screen at each change of focus (28 kB at 120x40). Here each widget shows its own focus,
    so that only what changed is sent. Pickers lie on a layer of their own and leave the layout under them alone.
    """

    DEFAULT_CSS = """
    QuietScreen { background: $background; layers: base overlay; overflow: hidden; }
    """

    _laid_out: dict[Widget, MapGeometry] | None = None

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Asked for a new layout alone, leaves the repainting to what the layout changed."""
        return super().refresh(*regions, repaint=repaint and not layout, layout=layout, recompose=recompose)

    def _refresh_layout(self, size: Size | None = None, scroll: bool = False) -> None:
        """Lays out anew and paints what stands elsewhere than on the terminal.

        Textual compares with its last map, but makes a new one also for a dirty widget it has not seen and for a
        region somebody asks for after a scroll; what changed before would count as painted. So it is given the map
        of the last layout.
        """
        whole = bool(self._layout_widgets) or not scroll
        if whole and self._laid_out is not None:
            self._compositor.update_widgets(self._dirty_widgets)
            self._dirty_widgets.clear()
            self._compositor._full_map = self._laid_out
        super()._refresh_layout(size, scroll)
        if whole:
            self._compositor._full_map_invalidated = False
            self._laid_out = self._compositor._full_map

    def _compositor_refresh(self) -> None:
        """Sends what changed: by lines where only lines changed, else as Textual composes it."""
        app, regions = self.app, self._compositor._dirty_regions
        driver = app._driver
        lines = None
        if regions and self is app.screen and driver is not None and not app.is_headless and not app._batch_count:
            lines = lines_for(self, regions)
        if lines is None or driver is None:
            super()._compositor_refresh()
            return
        frame = written(lines, self)
        regions.clear()
        self._dirty_widgets.clear()
        # A short frame arrives in one piece anyhow; marking its ends would double it.
        if len(frame) > SHORT_FRAME and app._sync_available:
            frame = f"{SYNC_START}{frame}{SYNC_END}"
        driver.write(frame)
        app._update_mouse_over(self)

    def overlay(self, widget: Widget) -> AwaitMount:
        """Puts a widget on the layer above everything without repainting what lies below.

        Textual numbers siblings from the last one, so one more at the end would count as a change of all the others.
        """
        return self.mount(widget, before=0) if self.children else self.mount(widget)

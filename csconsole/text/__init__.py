"""Text as this product must handle it: hostile by origin, Thai as often as English, drawn in cells.

Nothing here imports Textual or reads a file of its own. The modules, each with one subject:

- :mod:`~csconsole.text.sanitize`: the only makers of :data:`~csconsole.text.sanitize.Safe` text.
- :mod:`~csconsole.text.graphemes`: clusters, cells, cutting, padding and caret stops.
- :mod:`~csconsole.text.thai`: word breaks, digits and collation of Thai.
- :mod:`~csconsole.text.wrap`: lines of a paragraph.
- :mod:`~csconsole.text.keyboard`: the Thai keyboard layouts and what was meant on the other one.
- :mod:`~csconsole.text.search`: the folded form, its index terms and search needles.
- :mod:`~csconsole.text.highlight`: where a needle is in the text as it was written.

They are imported one by one where they are needed, so that a start that draws nothing pays for none.
"""

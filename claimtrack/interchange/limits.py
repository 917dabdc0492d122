"""How large a part of a file may be, so that no file can take the machine's memory. Pure.

Each limit is far above what desks have, and what is beyond one is refused with a sentence that
names it. The size of a whole file has no limit: files are read a piece at a time.
"""

from __future__ import annotations

#: Characters in one line of text, and in one record that goes over several lines. The largest
#: cell of a spreadsheet has 32,767.
LONGEST_RECORD = 5_000_000

#: Characters of one value of JSON, of one line of JSON Lines, and of one page of HTML.
LONGEST_VALUE = 16_000_000

#: Objects and lists that stand inside each other in JSON; in pages there are less than twenty.
DEEPEST_VALUE = 50

#: Characters that are kept of a line that is too long to be read.
SHOWN = 1_000

#: Columns of a table: as many as a sheet of Excel has.
MOST_COLUMNS = 16_384

#: Characters of a column's name.
LONGEST_NAME = 1_000

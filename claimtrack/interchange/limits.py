"""How large a part of a file may be, so that no file can take the machine's memory. Pure.

Each limit is far above what desks have, and what is beyond one is refused with a sentence that
names it. The size of a whole file has no limit: files are read a piece at a time.
"""

from __future__ import annotations

#: Characters in one line of text, and in one record that goes over several lines. The largest
#: cell of a spreadsheet has 32,767.
LONGEST_RECORD = 5_000_000

#: Characters of one value of JSON, and of one line of JSON Lines.
LONGEST_VALUE = 8_000_000

#: Characters of one page of HTML.
LONGEST_PAGE = 5_000_000

#: Objects and lists that stand inside each other in JSON; in pages there are less than twenty.
DEEPEST_VALUE = 50

#: Characters that are kept of a line that is too long to be read.
SHOWN = 1_000

#: Columns of a table: as many as a sheet of Excel has.
MOST_COLUMNS = 16_384

#: Records in which a header is looked for, under a title or blank lines.
HEADER_WITHIN = 12

#: Characters of a column's name.
LONGEST_NAME = 1_000

#: What a workbook may be once it is unpacked, in bytes; and how many times its packed size, from
#: a size on that anybody would notice.
LARGEST_UNPACKED = 2 << 30
LARGEST_RATIO = 300
RATIO_COUNTS_FROM = 64 << 20
#: Files in a workbook: one for each sheet and picture, and some more.
MOST_PARTS = 20_000

#: What reading a workbook may take: bytes of memory and of disk, and time of one processor, which
#: is so many seconds and one more for so many bytes. A sheet of 1,000,000 rows with twelve columns
#: takes 800 MB of memory, 400 MB of disk and half a minute.
WORKBOOK_MEMORY = 3 << 30
WORKBOOK_OUTPUT = 4 << 30
WORKBOOK_SECONDS = 10
WORKBOOK_SPEED = 1 << 20

#: How deep lists and objects of JSON may be within each other.
DEEPEST = 100

"""Tag lists: what spreadsheets and other systems say of tags, as the plant file's tags, and back. Pure: rows to rows.

``text_of`` and ``sheet_of`` make rows from a file's bytes, ``understand`` says which program wrote them and what each
column means, ``drafts`` makes tags of the rows, ``merge`` puts them into the text of a plant file without touching
anything else, and ``rows_of`` goes the other way.
"""

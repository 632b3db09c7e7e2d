-- Who hosts together with those who can use the command line. NULL: nobody.
ALTER TABLE accounts ADD COLUMN role TEXT CHECK (role = 'admin');

-- Who did it, by address. NULL: the command line.
ALTER TABLE audit ADD COLUMN actor TEXT;

-- What the host says to everybody who opens home. One row at most.
CREATE TABLE announcements (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    text    TEXT    NOT NULL,
    created INTEGER NOT NULL
) STRICT;

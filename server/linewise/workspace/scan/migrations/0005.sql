-- What a refusal, and a reader's facts of a file's lines, depend on beside the file's content. NULL in
-- what older versions wrote: nothing equals it, so that it is found out again.
ALTER TABLE files ADD COLUMN basis TEXT;
ALTER TABLE readings ADD COLUMN basis TEXT;

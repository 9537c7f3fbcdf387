-- Every delivery leaves two or three dead rows and no update of one stays in its page, because the state is in the
-- condition of most indexes. By default these are cleared away once they are a fifth of the table: the longer the
-- history, the more of them every look at what waits has to step over.
ALTER TABLE deliveries SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);

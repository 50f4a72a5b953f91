-- Nobody but the owner needs anything here: capture functions run as their owner whoever writes to a table. Without
-- usage on the schema nothing in it can be called; taking the functions away as well outlives a careless `grant
-- usage`.

revoke all on schema londiste from public;
revoke all on all functions in schema londiste from public;

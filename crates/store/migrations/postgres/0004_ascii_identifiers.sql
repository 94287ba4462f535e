-- No version before this one ran on PostgreSQL: there are no names to fold again.
SELECT 1;

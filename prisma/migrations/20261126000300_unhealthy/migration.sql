-- An object can be as its policy says and not be well: not accepted, not programmed, not reconciled.
alter table object_condition drop constraint object_condition_status_check;
alter table object_condition add constraint object_condition_status_check check (status in ('FAILED', 'DRIFTED', 'CORRECTED', 'UNHEALTHY'));

-- Schema version 1. Instants: INTEGER milliseconds UTC. uid: UUIDv7, BLOB(16). rev: the data directory's
-- one counter, stamped on every touched row. Names of people and texts are sanitised before they come here;
-- raw bytes are evidence and are never drawn.

create table meta (key text primary key, value) without rowid;

create table account (
  id integer primary key, uid blob not null unique, name text not null unique,
  connector text not null, channel text not null, branch text not null default '', label text not null default '',
  authority text not null default 'local', state text not null default 'new',
  cursor text not null default '', cursor_at integer, last_pull_at integer, live integer not null default 0,
  error text not null default '', next_try_at integer, failures integer not null default 0,
  total integer, history_left integer not null default 0, history_total integer not null default 0,
  pulled integer not null default 0, next_number integer not null default 1,
  capabilities text not null default '{}', rev integer not null default 0
);

create table agent (
  id integer primary key, uid blob not null unique, name text not null unique,
  display_name text not null default '', role text not null default 'agent', rev integer not null default 0
);
create table agent_ref (
  account_id integer not null references account, remote_id text not null, agent_id integer not null references agent,
  primary key (account_id, remote_id)
) without rowid;

create table customer (
  id integer primary key, uid blob not null unique, name text not null default '', call_name text not null default '',
  language text not null default '', attributes text not null default '{}', tags text not null default '[]',
  created_at integer not null, merged_into integer references customer, deleted_at integer, rev integer not null
);
-- claimed: somebody else said that it is theirs and nobody vouches for it; it never leads to the customer.
create table identity (
  id integer primary key, customer_id integer not null references customer, kind text not null, realm text not null,
  value text not null, display text not null default '', verified_at integer, claimed integer not null default 0,
  unique (kind, realm, value)
);
create index identity_customer on identity (customer_id);
create table customer_note (
  id integer primary key, uid blob not null unique, customer_id integer not null references customer,
  at integer not null, author text not null, body text not null
);
create index customer_note_customer on customer_note (customer_id, at);
create virtual table customer_fts using fts5 (t, content='', columnsize=0, detail=none, tokenize='ascii');
insert into customer_fts (customer_fts, rank) values ('secure-delete', 1);

-- ended_seq: messages up to here were dealt with when the conversation last ended; nobody waits because of them.
create table conversation (
  id integer primary key, uid blob not null unique, account_id integer not null references account,
  number integer not null, channel text not null, customer_id integer not null references customer,
  remote_id text not null default '', address text not null default '',
  subject text not null default '', status text not null, raw_status text not null default '',
  assignee_id integer references agent, team text not null default '', branch text not null default '',
  priority text not null default 'normal', kind text not null default '', reason text not null default '',
  attributes text not null default '{}', tags text not null default '[]',
  preview text not null default '', preview_by text not null default '',
  snoozed_until integer, created_at integer not null, last_at integer not null, last_in_at integer, last_out_at integer,
  waiting_since integer, next_due_at integer, queue_key integer not null,
  first_response_at integer, resolved_at integer, reopens integer not null default 0,
  message_seq integer not null default 0, in_count integer not null default 0, agent_seq integer not null default 0,
  ended_seq integer not null default 0,
  assigned_seq integer not null default 0, outgoing text not null default '',
  merged_into integer references conversation, deleted_at integer, hidden integer not null default 0,
  rev integer not null, unique (account_id, number)
);
-- The queue: every view walks one of these in (queue_key, id) order. queue_key is explained in domain/rules.py.
create index queue_all on conversation (queue_key, id) where hidden = 0;
create index queue_status on conversation (status, queue_key, id) where hidden = 0;
create index queue_assignee on conversation (assignee_id, status, queue_key, id) where hidden = 0;
create index queue_account on conversation (account_id, status, queue_key, id) where hidden = 0;
create index queue_channel on conversation (channel, status, queue_key, id) where hidden = 0;
-- status: so that "open ones of customers with a tag" reads no conversation.
create index conversation_customer on conversation (customer_id, last_at, status);
create index conversation_number on conversation (number);
create index conversation_rev on conversation (rev);

create table tag (
  id integer primary key, name text not null, scope text not null check (scope in ('conversation', 'customer')),
  uses integer not null default 0, last_used_at integer, unique (scope, name)
);
create table conversation_tag (
  conversation_id integer not null references conversation, tag_id integer not null references tag,
  added_by text not null, added_at integer not null, primary key (conversation_id, tag_id)
) without rowid;
create index conversation_tag_tag on conversation_tag (tag_id, conversation_id);
create table customer_tag (
  customer_id integer not null references customer, tag_id integer not null references tag,
  added_by text not null, added_at integer not null, primary key (customer_id, tag_id)
) without rowid;
create index customer_tag_tag on customer_tag (tag_id, customer_id);

create table message (
  n integer primary key, uid blob not null unique, conversation_id integer not null references conversation,
  seq integer not null, at integer not null, received_at integer not null, direction text not null,
  visibility text not null, author_kind text not null, author_name text not null default '',
  agent_id integer references agent, kind text not null default 'text', surface text not null default '',
  subject text not null default '', body_text text not null default '', remote_id text not null default '',
  outbox_id integer, delivery text, delivery_reason text not null default '', automatic integer not null default 0,
  history integer not null default 0, extra text not null default '{}', edit_rev integer not null default 0,
  redacted_at integer, rev integer not null, unique (conversation_id, seq)
);
create index message_order on message (conversation_id, at, seq);
create index message_outbox on message (outbox_id) where outbox_id is not null;
create table message_source (
  message_n integer primary key references message, body_html text not null default '', raw blob, raw_sha256 text
);
create table message_revision (
  message_n integer not null references message, edit_rev integer not null, body_text text not null, at integer not null,
  primary key (message_n, edit_rev)
) without rowid;
create table attachment (
  id integer primary key, uid blob not null unique, message_n integer not null references message,
  position integer not null, name text not null, mime text not null, bytes integer not null,
  locator text not null default '', sha256 text, fetch_state text not null default 'remote'
);
create index attachment_message on attachment (message_n, position);

-- The search index: candidates come from here, the text decides. message.n is its rowid.
create virtual table message_fts using fts5 (t, content='', columnsize=0, detail=none, tokenize='ascii');
insert into message_fts (message_fts, rank) values ('automerge', 8);
insert into message_fts (message_fts, rank) values ('secure-delete', 1);
create table to_index (n integer primary key);
create table gram_frequency (gram text primary key, n integer not null) without rowid;

-- The one gate against duplicates. account_id 0: across accounts.
create table remote_ref (
  account_id integer not null, kind text not null, remote_id text not null, row_id integer not null,
  primary key (account_id, kind, remote_id)
) without rowid;
create table erased (mark blob primary key, at integer not null) without rowid;

create table outbox (
  id integer primary key, uid blob not null unique, account_id integer not null references account,
  conversation_id integer not null references conversation, kind text not null, state text not null,
  phase text not null default '', attempts integer not null default 0, key text not null, payload text not null,
  agent_id integer references agent, base_seq integer not null default 0, resolve_after integer not null default 0,
  not_before integer not null default 0, created_at integer not null, claimed_at integer,
  settle_tries integer not null default 0, remote_id text not null default '', reason text not null default '',
  finished_at integer, follow_up_at integer, follow_up_tries integer not null default 0, rev integer not null
);
create index outbox_due on outbox (state, not_before);
-- What is left of ours after a channel accepted a message: the copy in Sent.
create index outbox_follow_up on outbox (follow_up_at) where follow_up_at is not null;
create index outbox_conversation on outbox (conversation_id, id);
create index outbox_rev on outbox (rev);
create table outbox_attempt (
  outbox_id integer not null references outbox, attempt integer not null, started_at integer not null,
  finished_at integer, outcome text not null default '', detail text not null default '',
  primary key (outbox_id, attempt)
) without rowid;

-- Events are kept, numbers are derived.
create table event (
  id integer primary key, uid blob not null unique, conversation_id integer not null references conversation,
  at integer not null, kind text not null, actor text not null default '', message_n integer,
  data text not null default '{}', reverts integer, history integer not null default 0
);
create index event_conversation on event (conversation_id, at, id);
create index event_kind on event (kind, at);
create table audit (
  id integer primary key, at integer not null, actor text not null, action text not null, entity text not null,
  entity_uid blob, data text not null default '{}', prev_hash blob not null, hash blob not null
);

create table draft (
  agent_id integer not null references agent, conversation_id integer not null references conversation,
  kind text not null, body text not null, base_seq integer not null default 0, answers text not null default '{}',
  updated_at integer not null, rev integer not null default 0, primary key (agent_id, conversation_id, kind)
) without rowid;
create index draft_conversation on draft (conversation_id);
-- What a draft by mail has beside its text, as JSON: recipients, files.
create table draft_letter (
  agent_id integer not null references agent, conversation_id integer not null references conversation,
  letter text not null, primary key (agent_id, conversation_id)
) without rowid;
create table read_mark (
  agent_id integer not null references agent, conversation_id integer not null references conversation,
  in_count integer not null, seq integer not null, at integer not null, primary key (agent_id, conversation_id)
) without rowid;
create table undo (
  id integer primary key, agent_id integer not null references agent, at integer not null, label text not null,
  steps text not null, undone_at integer,
  begins integer  -- of a further part of an act done in several transactions: its first row
);
create index undo_agent on undo (agent_id, id);
create index undo_begins on undo (begins) where begins is not null;

create table timer (
  id integer primary key, due_at integer not null, kind text not null, ref integer not null,
  data text not null default '{}', unique (kind, ref)
);
create index timer_due on timer (due_at);
create table job (
  id integer primary key, kind text not null, account_id integer, args text not null default '{}',
  state text not null default 'queued', result text not null default '', created_at integer not null, finished_at integer
);
create index job_state on job (state, id);
create table quarantine (
  id integer primary key, uid blob not null unique, account_id integer not null references account,
  remote_id text not null, kind text not null, received_at integer not null, quarantined_at integer not null,
  reason text not null, meta text not null default '{}', raw blob, raw_sha256 text, history integer not null default 0,
  attempts integer not null default 1, state text not null default 'held', unique (account_id, remote_id)
);

create table canned (
  id integer primary key, uid blob not null unique, name text not null unique, data text not null,
  uses integer not null default 0, last_used_at integer, updated_at integer not null, rev integer not null
);
create table canned_use (
  canned_id integer not null references canned, agent_id integer not null references agent, day integer not null,
  n integer not null default 0, primary key (canned_id, agent_id, day)
) without rowid;

-- Remote authority: what the source last confirmed, while changes of ours are on their way.
create table confirmed (conversation_id integer primary key references conversation, fields text not null, tags text not null);
create table change (
  id integer primary key, uid blob not null unique, account_id integer not null references account,
  conversation_id integer not null references conversation, field text not null, value text not null,
  state text not null, marker text not null default '', reason text not null default '', agent_id integer,
  created_at integer not null, rev integer not null
);
create index change_pending on change (state, id);
create index change_conversation on change (conversation_id, id);

// Package journal keeps incidents on disk, so that a crash or a full disk loses nothing and a later change of the record shows.
//
// In order: [Create] opens an incident, or [Open] finds one that is there. A process that holds the lock of package lock says so
// with [Journal.Hold], which repairs what a crash left. [Journal.Append] and [Journal.Keep] write, [Journal.Records] reads,
// [Verify] proves. Append works from several processes at once, so that a note can be added while a run goes on.
//
// An incident is a folder <state>/incidents/<id>/ that only its owner may enter. The id is the local time of its opening,
// 20261121-0312, with -02, -03, … where a minute has several; 1121-0312 is enough where only one year has it. It appears in one
// step, with its first record in it, and holds
//
//	journal.jsonl    the records
//	runbook.yaml     the runbook as it was run
//	evidence/        bounded copies of what was seen
//	backup/          whole copies of what was changed
//	drafts/          letters that nobody has sent yet
//	journal.torn-1   bytes of a line that a crash had left unfinished
//
// A record is one line of JSON, a [runbook.Record] of at most [MaxLine] bytes, written by one write with O_APPEND and brought to
// disk before Append returns:
//
//	{"seq":3,"time":"2026-11-21T03:12:40.1Z","event":"intent","actor":{"user":"root","sudo":"taro","host":"mail1","pid":812},"step":"stop","change":"stop.1","prev":"9f3c…"}
//
// seq counts from 0; prev is the SHA-256 of the line before without its newline, of nothing in record 0. Record 0 names the
// version of the program and of this format. The SHA-256 of the last line is the head: whoever knows a head can prove that nothing
// up to it was changed. A last line without its newline, or with a NUL in it, was being written when the machine stopped and
// counts as torn. Readers pass over it; only the holder of the lock cuts it off, and keeps its bytes.
//
// One MiB of ballast (<state>/ballast) is kept for a full disk and given up piece by piece, so that results can still be written.
// When that is gone too, records are kept in memory, sent to the system log and written as soon as there is room; Append says so
// with an error wrapping [runbook.ErrUnrecorded], and the journal itself says later which records came late.
//
// What it does not promise: root can write a whole new chain, so a head has to be kept elsewhere to prove anything against root.
package journal

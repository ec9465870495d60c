// Package e2e tests the built programs from outside, as processes: over HTTP through the
// public client, with kill -9 where it hurts, on SQLite and on PostgreSQL.
//
// The programs are those named by REFUNDDESK_DEV_BIN and REFUNDDESK_BIN, else they are
// built once a test process. Everything is in the tests; there is nothing to import here.
package e2e

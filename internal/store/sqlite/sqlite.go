// Package sqlite opens the records in an embedded SQLite file: the evaluation default. It
// is a package of its own so that the production program does not link SQLite.
package sqlite

import (
	"database/sql"
	"net/url"

	driver "gorm.io/driver/sqlite"
	_ "modernc.org/sqlite" // registers the driver named "sqlite"

	"refunddesk/internal/fault"
	"refunddesk/internal/store"
)

// Open opens or creates the file.
func Open(path string, o store.Options) (*store.Store, error) {
	q := url.Values{}
	for _, pragma := range []string{"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"} {
		q.Add("_pragma", pragma)
	}
	q.Set("_txlock", "immediate")
	q.Set("_time_format", "sqlite")
	pool, err := sql.Open("sqlite", "file:"+path+"?"+q.Encode())
	if err != nil {
		return nil, fault.New(fault.Unavailable, store.CodeUnavailable, "The file %s cannot be opened.", path).With(err)
	}
	// One connection: many writers starve on SQLite's lock, and one that waits its turn here does not.
	pool.SetMaxOpenConns(1)
	return store.Open(store.SQLite, driver.New(driver.Config{DriverName: "sqlite", Conn: pool}), o)
}

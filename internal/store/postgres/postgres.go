// Package postgres opens the records in PostgreSQL.
package postgres

import (
	"database/sql"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	driver "gorm.io/driver/postgres"

	"refunddesk/internal/fault"
	"refunddesk/internal/store"
)

// AppRole is the role that the application works under: it may append to the record and
// change what has a state, and nothing else. Migrating needs more and is another opening.
const AppRole = "app_rw"

// Config says where the records are and under which role to work; an empty role stays the login's own.
type Config struct {
	URL            string
	Role           string
	MaxConnections int // 0: 16
	store.Options
}

// Valid returns a fault naming the setting when URL is no PostgreSQL address.
func Valid(setting, url string) *fault.Error {
	if _, err := pgx.ParseConfig(url); err != nil || !IsURL(url) {
		return fault.InvalidField(setting, "is a PostgreSQL address like postgres://user:password@host:5432/name")
	}
	return nil
}

// IsURL reports whether the address is one of PostgreSQL at all.
func IsURL(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

// Open connects lazily: a database that is away shows when it is used, and is found again
// when it is back.
func Open(c Config) (*store.Store, error) {
	conf, err := pgx.ParseConfig(c.URL)
	if err != nil {
		return nil, Valid("--database", c.URL)
	}
	if conf.RuntimeParams == nil {
		conf.RuntimeParams = map[string]string{}
	}
	conf.RuntimeParams["timezone"] = "UTC"
	if c.Role != "" {
		conf.RuntimeParams["role"] = c.Role
	}
	if conf.ConnectTimeout == 0 {
		conf.ConnectTimeout = 5 * time.Second
	}
	pool := stdlib.OpenDB(*conf)
	limit(pool, c.MaxConnections)
	return store.Open(store.Postgres, driver.New(driver.Config{Conn: pool, WithoutReturning: true}), c.Options)
}

func limit(pool *sql.DB, most int) {
	if most <= 0 {
		most = 16
	}
	pool.SetMaxOpenConns(most)
	pool.SetMaxIdleConns(most)
	pool.SetConnMaxIdleTime(5 * time.Minute)
}

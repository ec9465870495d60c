package store

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestStatements(t *testing.T) {
	one := insert("notes", "id body", "n1", "text")
	assert.Equal(t, "INSERT INTO notes (id, body) VALUES (?, ?)", one.sql)
	assert.Equal(t, []any{"n1", "text"}, one.args)
	two := insert("notes", "id body", 1, 2, 3, 4)
	assert.Equal(t, "INSERT INTO notes (id, body) VALUES (?, ?), (?, ?)", two.sql)
	for range 2 { // the second time it is known
		assert.Equal(t, "INSERT INTO notes (id, body) VALUES ($1, $2), ($3, $4)", numbered(two.sql))
	}
	assert.Equal(t, "COMMIT", numbered("COMMIT"))
}

// Every list of columns goes with its fields, one to one.
func TestColumnsMatchFields(t *testing.T) {
	for columns, f := range map[string]fields{
		refundColumns: new(refundRow).fields(), packageColumns: new(packageRow).fields(), ticketColumns: new(ticketRow).fields(),
		decisionColumns: new(decisionRow).fields(), auditColumns: new(auditRow).fields(),
	} {
		assert.Equal(t, len(f), len(columnsOf(columns)), columns)
	}
}

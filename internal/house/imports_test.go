package house_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// room is a folder with everything below it, and the floor it is on. Imports point down.
type room struct {
	folder string
	floor  int
	// beside are rooms of the same floor that it may import.
	beside []string
}

// The plan of the house, from the ground up.
var plan = []room{
	{folder: "internal/console/pagetest", floor: 5}, // before its neighbours: it is for their tests

	{folder: "internal/fault", floor: 0},
	{folder: "internal/identity", floor: 0},
	{folder: "internal/money", floor: 0, beside: []string{"internal/fault"}},

	{folder: "internal/pace", floor: 0},

	{folder: "internal/refund", floor: 1},
	{folder: "internal/review", floor: 1},
	{folder: "internal/ledger", floor: 1},
	{folder: "internal/audit", floor: 1},
	{folder: "internal/policy", floor: 1, beside: []string{"internal/refund", "internal/review"}},
	{folder: "internal/notify", floor: 1, beside: []string{"internal/refund"}},
	{folder: "internal/session", floor: 1},

	{folder: "internal/desk", floor: 2},
	{folder: "workflows", floor: 2},
	{folder: "activities", floor: 2, beside: []string{"workflows"}},
	{folder: "internal/importer", floor: 2, beside: []string{"internal/desk"}},
	{folder: "internal/auth", floor: 2},
	{folder: "internal/config", floor: 2},
	{folder: "internal/mail", floor: 2},
	{folder: "internal/telemetry", floor: 2, beside: []string{"internal/desk"}},

	{folder: "api", floor: 3},
	{folder: "internal/console", floor: 3},
	{folder: "internal/engine", floor: 3},
	{folder: "internal/store", floor: 3},

	{folder: "internal/app", floor: 4},

	{folder: "internal/devstack", floor: 5},
	{folder: "internal/e2e", floor: 5},
	{folder: "internal/house", floor: 5},
	{folder: "deploy", floor: 5},

	{folder: "cmd", floor: 6},
}

func roomOf(path string) *room {
	for i := range plan {
		if within(path, plan[i].folder) {
			return &plan[i]
		}
	}
	return nil
}

func TestEveryPackageHasItsRoom(t *testing.T) {
	for path := range all(t) {
		assert.NotNil(t, roomOf(path), "%s is in no room of the plan: say in imports_test.go on which floor it is", path)
	}
}

func TestImportsPointDown(t *testing.T) {
	for path, p := range all(t) {
		here := roomOf(path)
		if here == nil {
			continue // said above
		}
		for _, imported := range ours(p.Imports) {
			there := roomOf(imported)
			switch {
			case there == nil, there == here:
			case there.floor < here.floor:
			case slices.Contains(here.beside, there.folder):
			default:
				t.Errorf("%s (floor %d) imports %s (floor %d)", path, here.floor, imported, there.floor)
			}
		}
	}
}

// What is outside of the module may be known to few.
func TestOnlyTheirOwnRoomsKnowTheTools(t *testing.T) {
	bench, dev := "cmd/refunddesk-bench", "internal/devstack" // measure and imitate the neighbours themselves
	for _, rule := range []struct {
		tool  string
		rooms []string
	}{
		{"gorm.io", []string{"internal/store"}},
		{"github.com/jackc/pgx", []string{"internal/store", dev, bench}},
		{"github.com/pressly/goose", []string{"internal/store"}},
		{"modernc.org/sqlite", []string{"internal/store/sqlite"}},
		{"database/sql", []string{"internal/store", dev, bench}},
		{"github.com/gin-gonic/gin", []string{"api", "internal/console", bench}},
		{"github.com/getkin/kin-openapi", []string{"api"}},
		{"github.com/oapi-codegen", []string{"api"}},
		{"go.temporal.io/sdk", []string{"internal/engine", "workflows", "activities", dev, bench}},
		{"go.temporal.io/api", []string{"internal/engine", "workflows", "activities", dev, bench}},
		{"go.temporal.io/server", []string{dev}},
		{"github.com/temporalio/ui-server", []string{dev}},
		{"github.com/wneessen/go-mail", []string{"internal/mail"}},
		{"github.com/coreos/go-oidc", []string{"internal/auth"}},
		{"golang.org/x/oauth2", []string{"internal/auth"}},
		{"github.com/a-h/templ", []string{"internal/console"}},
		{"github.com/stretchr/testify", []string{"internal/store/storetest", "internal/console/pagetest"}},
		{"testing", []string{"internal/store/storetest", "internal/store/pgtest", "internal/console/pagetest"}},
		{"net/http", []string{"api", "internal/console", "internal/auth", "internal/app", "internal/telemetry", "internal/mail/inbox", "internal/engine", "internal/e2e/stack", dev, "cmd"}},
		{"os/exec", []string{"internal/store/pgtest", "internal/e2e/stack", "internal/e2e/browser", dev, bench}},
		{"github.com/chromedp", []string{"internal/e2e/browser"}},
	} {
		for path, p := range all(t) {
			for _, imported := range p.Imports {
				if within(imported, rule.tool) {
					assert.True(t, within(path, rule.rooms...), "%s imports %s, which only %v may know", path, imported, rule.rooms)
				}
			}
		}
	}
}

// The domain is plain Go: what is below the desk links no database, no engine, no HTTP.
func TestTheDomainIsPlainGo(t *testing.T) {
	for path, p := range all(t) {
		if here := roomOf(path); here == nil || here.floor > 1 {
			continue
		}
		for _, linked := range p.Deps {
			assert.False(t, linked == "database/sql" || within(linked, "net/http", "gorm.io", "go.temporal.io", "github.com/gin-gonic", "github.com/jackc"),
				"%s links %s", path, linked)
		}
	}
}

// A workflow's code is replayed years later: what it links must not decide differently then.
func TestWorkflowsLinkNoPolicyLedgerStoreOrDesk(t *testing.T) {
	workflows, ok := all(t)["workflows"]
	require.True(t, ok)
	for _, linked := range ours(workflows.Deps) {
		assert.False(t, within(linked, "internal/policy", "internal/ledger", "internal/store", "internal/desk", "activities"), "workflows links %s", linked)
	}
}

// The client is for other people's programs: it brings nothing of ours with it.
func TestTheClientStandsAlone(t *testing.T) {
	client, ok := all(t)["api/client"]
	require.True(t, ok)
	assert.Empty(t, ours(client.Deps))
}

// The production program has neither the embedded engine nor the evaluation database, and no
// way to make itself a token.
func TestTheProductionProgramLinksNothingOfDevelopment(t *testing.T) {
	production, ok := all(t)["cmd/refunddesk"]
	require.True(t, ok)
	for _, linked := range production.Deps {
		linked = strings.TrimPrefix(linked, module)
		assert.False(t, within(linked,
			"go.temporal.io/server", "github.com/temporalio/ui-server",
			"modernc.org/sqlite", "modernc.org/libc", "gorm.io/driver/sqlite", "github.com/mattn/go-sqlite3", "github.com/glebarez",
			"internal/devstack", "internal/store/sqlite", "internal/store/storetest", "internal/store/pgtest", "internal/console/pagetest", "internal/mail/inbox",
			"github.com/emersion/go-smtp", "github.com/peterldowns/pgtestdb", "github.com/fergusstrange/embedded-postgres"),
			"cmd/refunddesk links %s", linked)
	}
	development, ok := all(t)["cmd/refunddesk-dev"]
	require.True(t, ok)
	for _, wanted := range []string{"go.temporal.io/server/temporal", "modernc.org/sqlite", module + "internal/devstack/devissuer"} {
		assert.Contains(t, development.Deps, wanted, "or the rule above looks for the wrong names")
	}
}

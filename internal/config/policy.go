package config

// Policy works with a screening policy that is a file. Nothing here changes what is in
// force: a policy is drafted and published through the API, by an admin.
type Policy struct {
	Check    PolicyCheck    `cmd:"" help:"Read a policy and list its rules, or every problem with its line and column."`
	Diff     PolicyDiff     `cmd:"" help:"List what a policy says otherwise than the one in force, or than another version."`
	Backtest PolicyBacktest `cmd:"" help:"Judge the recorded facts of past requests by a policy and say which verdicts would change."`
}

// PolicyFile is the argument that the commands share.
type PolicyFile struct {
	File string `arg:"" help:"The policy, a YAML file." type:"existingfile"`
}

// PolicyCheck needs no database.
type PolicyCheck struct {
	PolicyFile `embed:""`
}

// PolicyDiff compares a file with a version in the database.
type PolicyDiff struct {
	PolicyFile `embed:""`
	Database   `embed:""`
	Against    string `help:"The version to compare with; empty: the one in force." env:"REFUNDDESK_AGAINST" placeholder:"VERSION"`
	JSON       bool   `name:"json" help:"Print the differences as JSON, as the API does." env:"REFUNDDESK_JSON"`
}

// PolicyBacktest replays past requests.
type PolicyBacktest struct {
	PolicyFile `embed:""`
	Database   `embed:""`
	Limit      int  `help:"How many of the newest requests to replay; 0 is all; default ${default}." env:"REFUNDDESK_LIMIT" default:"100000" placeholder:"N"`
	JSON       bool `name:"json" help:"Print the report as JSON, as the API does." env:"REFUNDDESK_JSON"`
}

// Validate implements kong's hook.
func (b PolicyBacktest) Validate() error {
	if err := b.Database.Validate(); err != nil {
		return err
	}
	if b.Limit < 0 {
		return wrong("--limit", "must be 0 or more")
	}
	return nil
}

package hcl

// Pos is a place in a file; lines and columns count from 1, columns in
// grapheme clusters as HCL counts them.
type Pos struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Byte   int `json:"byte"`
}

// Range is a stretch of a file.
type Range struct {
	File  string `json:"file"`
	Start Pos    `json:"start"`
	End   Pos    `json:"end"`
}

// Severity of a diagnostic.
type Severity string

// The two severities; an error keeps the configuration from being used.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Diagnostic is one mistake in a configuration, or one warning about it.
type Diagnostic struct {
	Severity Severity `json:"severity"`
	Summary  string   `json:"summary"`
	Detail   string   `json:"detail,omitempty"`
	// Hint is the next step for the user.
	Hint  string `json:"hint,omitempty"`
	Range Range  `json:"range"`
}

// Diagnostics are all that was found, in the order of the file.
type Diagnostics []Diagnostic

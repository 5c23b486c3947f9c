package progress

// Beside begins a transfer that goes on beside others: moved says how much of it
// is done, total is 0 when unknown, and end closes it as Reporter.End does. A
// Reporter that cannot show several at once is told nothing: whoever runs them
// has the errors.
func Beside(p Reporter, name string) (moved func(done, total int64), end func(state, text string)) {
	several, ok := p.(interface {
		Transfer(name string) (moved func(done, total int64), end func(state, text string))
	})
	if !ok {
		return func(int64, int64) {}, func(string, string) {}
	}
	return several.Transfer(name)
}

package shellword_test

import (
	"fmt"

	"github.com/fbdock/fbdock/internal/shellword"
)

func ExampleQuote() {
	for _, text := range []string{"plain", "a b", "it's", "$HOME", ""} {
		fmt.Println(shellword.Quote(text))
	}
	// Output:
	// 'plain'
	// 'a b'
	// 'it'\''s'
	// '$HOME'
	// ''
}

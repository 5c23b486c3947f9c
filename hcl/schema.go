package hcl

// Type is what an attribute takes.
type Type string

// The types of attributes, as they are named to users.
const (
	TypeString     Type = "string"
	TypeInt        Type = "whole number"
	TypeSize       Type = "size"
	TypeBool       Type = "true or false"
	TypeNetwork    Type = "IPv4 network"
	TypeAddress    Type = "IP address"
	TypeStrings    Type = "list of strings"
	TypeAddresses  Type = "list of IP addresses"
	TypeObject     Type = "object"
	TypeConstraint Type = "version constraint"
	TypeAny        Type = "any value"
	TypeKind       Type = "type"
)

// Attribute describes one setting of a block, and where its value goes.
type Attribute struct {
	Name string
	// into is where the value goes, which also says what it must be.
	into target
	// Default is what holds when the attribute is not set, for people.
	Default string
	// Example is an HCL expression that is valid here.
	Example string
	Doc     string
	// Values are all that is allowed, when it is a choice.
	Values []string
	// renamed are the values of before, each with what it is called now.
	renamed map[string]string
	// Min is the least allowed number, or number of bytes.
	Min uint64
	// Max is the largest whole number allowed; 0 is 1024.
	Max int
	// check finds what is wrong with a text; nil accepts all.
	check check
}

// Type is what the attribute takes.
func (a Attribute) Type() Type { return a.into.kind }

// Block describes one kind of block.
type Block struct {
	Name string
	// Label says what the label is; "" when the block has none.
	Label string
	// Many blocks of the kind may stand side by side.
	Many bool
	// Open blocks take attributes of any name.
	Open       bool
	Doc        string
	Attributes []Attribute
	Blocks     []Block

	check check // of the label
	// key is what makes two labels the same; nil compares them as they are.
	key func(label string) string
	// begin and end are called before and after the content of each block of
	// the kind is read; nil where nothing is to do.
	begin, end func(s *scope)
}

// each is a block that may stand several times, and adds a value to list
// each time. The schema is bound to one value, which is copied to the list.
func each[T any](list *[]T, schema func(x *T) Block) Block {
	x := new(T)
	b := schema(x)
	begin, end := b.begin, b.end
	b.Many = true
	b.begin = func(s *scope) {
		var zero T
		*x = zero
		if begin != nil {
			begin(s)
		}
	}
	b.end = func(s *scope) {
		end(s)
		*list = append(*list, *x)
	}
	return b
}

// attribute finds an attribute of the block by name.
func (b Block) attribute(name string) (Attribute, bool) {
	for _, a := range b.Attributes {
		if a.Name == name {
			return a, true
		}
	}
	return Attribute{}, false
}

// block finds a block within the block by name.
func (b Block) block(name string) (Block, bool) {
	for _, x := range b.Blocks {
		if x.Name == name {
			return x, true
		}
	}
	return Block{}, false
}

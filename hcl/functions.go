package hcl

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// Functions are the names that expressions can call, sorted.
func Functions() []string {
	return slices.Sorted(maps.Keys(functions(Options{}, "")))
}

// functions is the table of one file: env and file look where opts says.
func functions(opts Options, dir string) map[string]function.Function {
	return map[string]function.Function{
		"abs": stdlib.AbsoluteFunc, "ceil": stdlib.CeilFunc, "floor": stdlib.FloorFunc,
		"max": stdlib.MaxFunc, "min": stdlib.MinFunc,
		"upper": stdlib.UpperFunc, "lower": stdlib.LowerFunc, "title": stdlib.TitleFunc,
		"trim": stdlib.TrimFunc, "trimprefix": stdlib.TrimPrefixFunc, "trimsuffix": stdlib.TrimSuffixFunc,
		"trimspace": stdlib.TrimSpaceFunc, "chomp": stdlib.ChompFunc, "substr": stdlib.SubstrFunc,
		"replace": stdlib.ReplaceFunc, "split": stdlib.SplitFunc, "join": stdlib.JoinFunc,
		"format": stdlib.FormatFunc,
		"concat": stdlib.ConcatFunc, "merge": stdlib.MergeFunc, "lookup": stdlib.LookupFunc,
		"contains": stdlib.ContainsFunc, "element": stdlib.ElementFunc, "flatten": stdlib.FlattenFunc,
		"keys": stdlib.KeysFunc, "values": stdlib.ValuesFunc, "slice": stdlib.SliceFunc,
		"sort": stdlib.SortFunc, "reverse": stdlib.ReverseListFunc, "zipmap": stdlib.ZipmapFunc,
		"compact": stdlib.CompactFunc, "coalesce": stdlib.CoalesceFunc, "coalescelist": stdlib.CoalesceListFunc,
		"jsonencode": stdlib.JSONEncodeFunc, "jsondecode": stdlib.JSONDecodeFunc,
		"tonumber": stdlib.MakeToFunc(cty.Number), "tostring": stdlib.MakeToFunc(cty.String),
		"tobool": stdlib.MakeToFunc(cty.Bool), "tolist": stdlib.MakeToFunc(cty.List(cty.DynamicPseudoType)),
		"toset":  stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType)),
		"tomap":  stdlib.MakeToFunc(cty.Map(cty.DynamicPseudoType)),
		"length": lengthFunc(), "env": envFunc(opts), "file": fileFunc(opts, dir),
	}
}

// lengthFunc counts characters of strings as well as elements.
func lengthFunc() function.Function {
	return function.New(&function.Spec{
		Description: "the number of elements of a collection, or of characters of a string",
		Params:      []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType}},
		Type:        function.StaticReturnType(cty.Number),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			v := args[0]
			switch t := v.Type(); {
			case t == cty.String:
				return stdlib.Strlen(v)
			case t.IsCollectionType(), t.IsTupleType(), t.IsObjectType():
				return cty.NumberIntVal(int64(v.LengthInt())), nil
			}
			return cty.NilVal, errors.New("a list, map, object or string is needed")
		},
	})
}

func envFunc(opts Options) function.Function {
	return function.New(&function.Spec{
		Description: "an environment variable of the host, or the default if it is not set",
		Params:      []function.Parameter{{Name: "name", Type: cty.String}},
		VarParam:    &function.Parameter{Name: "default", Type: cty.String},
		Type:        function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if len(args) > 2 {
				return cty.NilVal, function.NewArgErrorf(2, "env takes a name and a default")
			}
			name := args[0].AsString()
			if value, ok := opts.lookup(name); ok {
				return cty.StringVal(strings.ToValidUTF8(value, "\uFFFD")), nil
			}
			if len(args) == 2 {
				return args[1], nil
			}
			return cty.NilVal, function.NewArgErrorf(0,
				"the environment variable %s is not set; a default can be given: env(%q, \"...\")", name, name)
		},
	})
}

func fileFunc(opts Options, dir string) function.Function {
	return function.New(&function.Spec{
		Description: "the content of a text file in the folder of the configuration, or below it",
		Params:      []function.Parameter{{Name: "path", Type: cty.String}},
		Type:        function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			path := args[0].AsString()
			src, err := opts.readNamed(dir, path)
			if err != nil {
				return cty.NilVal, function.NewArgErrorf(0, "%s", readFault(path, err))
			}
			c := &collector{}
			text, ok := readable(path, src, c)
			if !ok {
				return cty.NilVal, function.NewArgError(0, fmt.Errorf("%s: %s", path, c.diags[0].Summary))
			}
			return cty.StringVal(string(text)), nil
		},
	})
}

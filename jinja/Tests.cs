using System.Numerics;

namespace LightReasoner.Jinja;

internal delegate bool TestFunction(Interpreter interpreter, object? value, Arguments arguments);

/// <summary>What can follow 'is'.</summary>
internal static class Tests
{
    private static readonly Dictionary<string, TestFunction> All = Build();

    internal static TestFunction Find(string name) =>
        All.GetValueOrDefault(name) ?? throw RenderException.Unsupported($"the test '{name}'");

    internal static bool Exists(string name) => All.ContainsKey(name);

    private static Dictionary<string, TestFunction> Build()
    {
        var tests = new Dictionary<string, TestFunction>(StringComparer.Ordinal)
        {
            ["defined"] = Plain(v => v is not Undefined),
            ["undefined"] = Plain(v => v is Undefined),
            ["none"] = Plain(v => v is null),
            ["boolean"] = Plain(v => v is bool),
            ["true"] = Plain(v => v is true),
            ["false"] = Plain(v => v is false),
            ["integer"] = Plain(v => v is BigInteger),
            ["float"] = Plain(v => v is double),
            ["number"] = Plain(v => v is BigInteger or double or bool),
            ["string"] = Plain(v => v is string or SafeText),
            ["mapping"] = Plain(v => v is Dict),
            ["sequence"] = Plain(v => v is string or SafeText or Dict or Undefined
                || v is Sequence { Kind: SequenceKind.List or SequenceKind.Tuple or SequenceKind.Range }),
            ["iterable"] = Plain(v => v is string or SafeText or Dict or Sequence or OneShot or Undefined or LoopContext),
            ["callable"] = Plain(v => v is Callable or Undefined or LoopContext),
            ["escaped"] = Plain(v => v is SafeText),
            ["odd"] = (i, v, a) => Modulo(i, v, a, BigInteger.One),
            ["even"] = (i, v, a) => Modulo(i, v, a, BigInteger.Zero),
            ["divisibleby"] = (i, v, a) => Operators.Truth(Operators.Apply("%", v, a.Bind(1, "num")[0], i.Budget)) is false,
            ["lower"] = (i, v, a) => Filters.Plain(a, null) is null && StringMethods.IsCase(PyText.Str(v, i.Budget), upper: false),
            ["upper"] = (i, v, a) => Filters.Plain(a, null) is null && StringMethods.IsCase(PyText.Str(v, i.Budget), upper: true),
            ["filter"] = (_, v, _) => v is string name && Filters.Exists(name),
            ["test"] = (_, v, _) => v is string name && Exists(name),
            ["sameas"] = (_, v, a) => v is null or bool ? Equals(v, a.Bind(1, "other")[0])
                : throw RenderException.Unsupported("the test 'sameas' on anything but none, true and false"),
            ["in"] = (i, v, a) => Operators.Contains(a.Bind(1, "seq")[0], v, i.Budget),
        };
        foreach (var (op, names) in new[] { ("==", "== eq equalto"), ("!=", "!= ne"), (">", "> gt greaterthan"), (">=", ">= ge"),
            ("<", "< lt lessthan"), ("<=", "<= le") })
        {
            foreach (var name in names.Split(' '))
                tests[name] = (i, v, a) => Operators.Compare(op, v, a.Bind(1, "other")[0], i.Budget);
        }
        return tests;
    }

    private static TestFunction Plain(Func<object?, bool> test) => (_, value, arguments) =>
    {
        arguments.Bind(0);
        return test(value);
    };

    private static bool Modulo(Interpreter interpreter, object? value, Arguments arguments, BigInteger expected)
    {
        arguments.Bind(0);
        return Operators.AreEqual(Operators.Apply("%", value, new BigInteger(2), interpreter.Budget), expected, interpreter.Budget);
    }
}

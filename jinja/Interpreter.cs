using System.Text;

namespace LightReasoner.Jinja;

/// <summary>Runs a template once. Statements are here, expressions in the other part.</summary>
internal sealed partial class Interpreter
{
    private enum Flow
    {
        Next,
        Break,
        Continue,
    }

    private readonly Scope _root;

    internal Interpreter(TimeProvider clock, IEnumerable<KeyValuePair<string, object?>> variables)
    {
        var context = Globals.Create(clock, Budget);
        foreach (var (name, value) in variables)
            context[name] = value;
        _root = new Scope(new Scope(null, context));
    }

    internal Budget Budget { get; } = new();

    /// <summary>The line being run, for errors.</summary>
    internal int Line { get; private set; } = 1;

    internal string Run(IReadOnlyList<Statement> template)
    {
        var output = new StringBuilder();
        Run(template, _root, output);
        return output.ToString();
    }

    private Flow Run(IReadOnlyList<Statement> body, Scope scope, StringBuilder output)
    {
        Budget.CheckStack();
        foreach (var statement in body)
        {
            if (Run(statement, scope, output) is not Flow.Next and var flow)
                return flow;
        }
        return Flow.Next;
    }

    private Flow Run(Statement statement, Scope scope, StringBuilder output)
    {
        Budget.Step();
        Line = statement.Line;
        switch (statement)
        {
            case Text text:
                Write(text.Value, output);
                return Flow.Next;
            case Output value:
                Write(PyText.Str(Evaluate(value.Value, scope), Budget), output);
                return Flow.Next;
            case If branches:
                foreach (var (test, body) in branches.Branches)
                {
                    if (Operators.Truth(Evaluate(test, scope)))
                        return Run(body, scope, output);
                }
                return Run(branches.Else, scope, output);
            case For loop:
                Run(loop, Evaluate(loop.Items, scope), 0, scope, output);
                return Flow.Next;
            case Set set:
                Assign(set.Target, Evaluate(set.Value, scope), scope);
                return Flow.Next;
            case SetBlock block:
                object? captured = Capture(block.Body, new Scope(scope));
                Assign(block.Target, block.Filter is null ? captured : Filtered(block.Filter, captured, scope), scope);
                return Flow.Next;
            case With with:
                var inner = new Scope(scope);
                foreach (var (target, value) in with.Assignments)
                    Assign(target, Evaluate(value, scope), inner);
                return Run(with.Body, inner, output);
            case MacroDefinition macro:
                scope.Set(macro.Name, Macro(macro, scope));
                return Flow.Next;
            case CallBlock call:
                Write(PyText.Str(Invoke(call.Call, scope, Macro(call.Caller, scope)), Budget), output);
                return Flow.Next;
            case FilterBlock block:
                Write(PyText.Str(Filtered(block.Filter, Capture(block.Body, new Scope(scope)), scope), Budget), output);
                return Flow.Next;
            case Passage passage:
                return Run(passage.Body, new Scope(scope), output);
            case Break:
                return Flow.Break;
            default:
                return Flow.Continue;
        }
    }

    private void Run(For loop, object? value, int depth, Scope scope, StringBuilder output)
    {
        var items = Operators.Iterate(value, Budget);
        if (loop.Condition is { } condition)
        {
            items = [.. items.Where(item =>
            {
                var candidate = new Scope(scope);
                Budget.Step();
                Assign(loop.Target, item, candidate);
                return Operators.Truth(Evaluate(condition, candidate));
            })];
        }
        if (items.Count == 0)
        {
            Run(loop.Else, new Scope(scope), output);
            return;
        }
        var context = new LoopContext(items, depth, loop.Recursive ? Recurse : null, Budget);
        for (; context.Index < items.Count; context.Index++)
        {
            Budget.Step();
            var body = new Scope(scope);
            body.Set("loop", context);
            Assign(loop.Target, items[context.Index], body);
            if (Run(loop.Body, body, output) == Flow.Break)
                return;
        }

        object? Recurse(Arguments arguments)
        {
            Budget.EnterMacro();
            var nested = new StringBuilder();
            Run(loop, arguments.Bind(1, "iterable")[0], depth + 1, scope, nested);
            Budget.LeaveMacro();
            return nested.ToString();
        }
    }

    private string Capture(IReadOnlyList<Statement> body, Scope scope)
    {
        var output = new StringBuilder();
        Run(body, scope, output);
        return output.ToString();
    }

    private void Write(string text, StringBuilder output)
    {
        Budget.Grow(text.Length);
        output.Append(text);
    }

    private void Assign(Target target, object? value, Scope scope)
    {
        switch (target)
        {
            case NameTarget name:
                scope.Set(name.Id, value);
                break;
            case AttributeTarget attribute:
                var owner = scope.Get(attribute.Namespace) as Namespace
                    ?? throw new RenderException("cannot assign attribute on non-namespace object");
                owner.Attributes[attribute.Attribute] = value;
                break;
            case TupleTarget tuple:
                Operators.Defined(value);
                var items = Operators.Iterate(value, Budget);
                if (items.Count != tuple.Items.Count)
                    throw new RenderException($"expected {tuple.Items.Count} values to unpack, got {items.Count}");
                for (var i = 0; i < items.Count; i++)
                    Assign(tuple.Items[i], items[i], scope);
                break;
        }
    }

    /// <summary>The callable of a macro. It sees the variables around its definition as they are when it is called.</summary>
    private Callable Macro(MacroDefinition macro, Scope definition) => new(macro.Name, arguments =>
    {
        Budget.EnterMacro();
        var scope = new Scope(definition);
        var line = Line;
        BindParameters(macro, arguments, scope);
        var result = Capture(macro.Body, scope);
        Line = line;
        Budget.LeaveMacro();
        return result;
    });

    private void BindParameters(MacroDefinition macro, Arguments arguments, Scope scope)
    {
        var named = arguments.Named.ToDictionary(n => n.Name, n => n.Value, StringComparer.Ordinal);
        // A parameter hides the variable of the same name from its own default too.
        var missing = new List<(string Name, Expression Default)>();
        for (var i = 0; i < macro.Parameters.Count; i++)
        {
            var (name, standard) = macro.Parameters[i];
            if (i < arguments.Positional.Count)
                scope.Set(name, arguments.Positional[i]);
            else if (named.Remove(name, out var value))
                scope.Set(name, value);
            else if (standard is null)
                scope.Set(name, new Undefined($"parameter '{name}' was not provided"));
            else
            {
                scope.Set(name, new Undefined($"'{name}' is undefined"));
                missing.Add((name, standard));
            }
        }
        foreach (var (name, standard) in missing)
            scope.Set(name, Evaluate(standard, scope));
        var isCalled = named.Remove("caller", out var caller);
        if (isCalled && !macro.TakesCaller)
            throw new RenderException($"macro '{macro.Name}' takes no keyword argument 'caller'");
        scope.Set("caller", isCalled ? caller : new Undefined("No caller defined"));
        if (macro.TakesMoreNamed)
        {
            var rest = new Dict();
            foreach (var (name, value) in named)
                rest.Set(name, value);
            scope.Set("kwargs", rest);
        }
        else if (named.Count > 0)
        {
            throw new RenderException($"macro '{macro.Name}' takes no keyword argument '{named.Keys.First()}'");
        }
        if (macro.TakesMorePositional)
            scope.Set("varargs", Sequence.Tuple([.. arguments.Positional.Skip(macro.Parameters.Count)]));
        else if (arguments.Positional.Count > macro.Parameters.Count)
            throw new RenderException($"macro '{macro.Name}' takes not more than {macro.Parameters.Count} argument(s)");
    }
}

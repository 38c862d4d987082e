namespace LightReasoner.Jinja;

internal sealed partial class Interpreter
{
    private object? Evaluate(Expression expression, Scope scope)
    {
        Budget.CheckStack();
        Budget.Step();
        Line = expression.Line;
        switch (expression)
        {
            case Constant constant:
                return constant.Value;
            case Name name:
                return scope.Get(name.Id);
            case SequenceLiteral literal:
                var kind = literal.IsTuple ? SequenceKind.Tuple : SequenceKind.List;
                return new Sequence(kind, [.. literal.Items.Select(item => Evaluate(item, scope))]);
            case DictLiteral literal:
                var dict = new Dict();
                foreach (var (key, value) in literal.Items)
                    dict.Set(Evaluate(key, scope), Evaluate(value, scope));
                return dict;
            case GetAttribute attribute:
                return Attributes.GetAttribute(Evaluate(attribute.Target, scope), attribute.Attribute, Budget);
            case GetItem { Key: Slice slice } item:
                return Attributes.GetSlice(Evaluate(item.Target, scope), Optional(slice.Start), Optional(slice.Stop), Optional(slice.Step),
                    Budget);
            case GetItem item:
                return Attributes.GetItem(Evaluate(item.Target, scope), Evaluate(item.Key, scope), Budget);
            case Call call:
                return Invoke(call, scope, caller: null);
            case Filter filter:
                return Filtered(filter, null, scope);
            case Test test:
                var function = Tests.Find(test.Id);
                return function(this, Evaluate(test.Target, scope), Bind(test.Id, test.Arguments, scope)) != test.Negated;
            case Unary { Operator: "not" } unary:
                return !Operators.Truth(Evaluate(unary.Operand, scope));
            case Unary unary:
                return Operators.Negate(Evaluate(unary.Operand, scope), unary.Operator == "-");
            case Binary binary:
                return Operators.Apply(binary.Operator, Evaluate(binary.Left, scope), Evaluate(binary.Right, scope), Budget);
            case Logical logical:
                var left = Evaluate(logical.Left, scope);
                return Operators.Truth(left) == logical.IsAnd ? Evaluate(logical.Right, scope) : left;
            case Comparison comparison:
                return Compare(comparison, scope);
            case Concatenation concatenation:
                var parts = concatenation.Parts.Select(part => PyText.Str(Evaluate(part, scope), Budget)).ToList();
                Budget.Grow(parts.Sum(part => (long)part.Length));
                return string.Concat(parts);
            case Conditional conditional:
                if (Operators.Truth(Evaluate(conditional.Test, scope)))
                    return Evaluate(conditional.Then, scope);
                return conditional.Else is null
                    ? new Undefined("the inline if-expression evaluated to false and no else section was defined.")
                    : Evaluate(conditional.Else, scope);
            default:
                throw RenderException.Unsupported("a slice here");
        }

        object? Optional(Expression? part) => part is null ? null : Evaluate(part, scope);
    }

    private bool Compare(Comparison comparison, Scope scope)
    {
        var left = Evaluate(comparison.First, scope);
        foreach (var (op, operand) in comparison.Rest)
        {
            var right = Evaluate(operand, scope);
            if (!Operators.Compare(op, left, right, Budget))
                return false;
            left = right;
        }
        return true;
    }

    private object? Filtered(Filter filter, object? block, Scope scope)
    {
        // The innermost filter of a block has no target: it takes the block's text.
        var value = filter.Target is null ? block : filter.Target is Filter inner && block is not null ? Filtered(inner, block, scope)
            : Evaluate(filter.Target, scope);
        var function = Filters.Find(filter.Id);
        var arguments = Bind(filter.Id, filter.Arguments, scope);
        Line = filter.Line;
        return function(this, value, arguments);
    }

    private object? Invoke(Call call, Scope scope, Callable? caller)
    {
        var target = Evaluate(call.Target, scope);
        var name = target is Callable { Name: var known } ? known : "loop";
        var arguments = Bind(name, call.Arguments, scope);
        if (caller is not null)
            arguments = new Arguments(name, arguments.Positional, [.. arguments.Named, ("caller", caller)]);
        Line = call.Line;
        Operators.Defined(target);
        return target switch
        {
            Callable callable => callable.Invoke(arguments),
            LoopContext loop => loop.Call(arguments),
            _ => throw new RenderException($"'{PyText.TypeName(target)}' object is not callable"),
        };
    }

    private Arguments Bind(string function, CallArguments given, Scope scope)
    {
        if (given == CallArguments.None)
            return new Arguments(function, [], []);
        List<object?> positional = [.. given.Positional.Select(value => Evaluate(value, scope))];
        List<(string, object?)> named = [.. given.Named.Select(n => (n.Name, Evaluate(n.Value, scope)))];
        if (given.MorePositional is not null)
            positional.AddRange(Operators.Iterate(Evaluate(given.MorePositional, scope), Budget));
        if (given.MoreNamed is not null)
        {
            var more = Evaluate(given.MoreNamed, scope) as Dict ?? throw new RenderException("an argument after ** must be a mapping");
            foreach (var (key, value) in more.Items)
                named.Add((key as string ?? throw new RenderException("keywords must be strings"), value));
        }
        foreach (var group in named.GroupBy(n => n.Item1))
        {
            if (group.Count() > 1)
                throw new RenderException($"{function}() got several values for '{group.Key}'");
        }
        Budget.Grow(positional.Count * 4L);
        return new Arguments(function, positional, named);
    }
}

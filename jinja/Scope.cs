namespace LightReasoner.Jinja;

/// <summary>Variables, and the scope around them. Assignments go to the innermost one.</summary>
internal sealed class Scope(Scope? parent, Dictionary<string, object?>? variables = null)
{
    private Dictionary<string, object?>? _variables = variables;

    internal object? Get(string name)
    {
        for (var scope = this; scope is not null; scope = scope.Parent)
        {
            if (scope._variables is not null && scope._variables.TryGetValue(name, out var value))
                return value;
        }
        return name == "self" ? throw RenderException.Unsupported("the variable 'self'") : new Undefined($"'{name}' is undefined");
    }

    internal void Set(string name, object? value) => (_variables ??= new(StringComparer.Ordinal))[name] = value;

    private Scope? Parent => parent;
}

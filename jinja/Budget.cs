using System.Runtime.CompilerServices;

namespace LightReasoner.Jinja;

/// <summary>Bounds of one rendering: a template comes from the internet and must neither hang nor exhaust memory.</summary>
internal sealed class Budget
{
    private const long MaxSteps = 10_000_000;
    private const long MaxText = 128L << 20; // characters built, intermediate ones included
    private const int MaxMacroDepth = 200;

    /// <summary>Bits of the largest integer.</summary>
    internal const int MaxIntegerBits = 1 << 14;

    private long _steps;
    private long _text;
    private int _macroDepth;

    /// <summary>Counts an evaluation, an iteration, an element looked at.</summary>
    internal void Step(long count = 1)
    {
        _steps += count;
        if (_steps > MaxSteps)
            throw new RenderException($"the template takes more than {MaxSteps:N0} steps");
    }

    /// <summary>Counts text or elements about to be built.</summary>
    internal void Grow(long characters)
    {
        _text += characters;
        if (_text > MaxText)
            throw new RenderException($"the template builds more than {MaxText:N0} characters of text");
    }

    internal void EnterMacro()
    {
        if (++_macroDepth > MaxMacroDepth)
            throw new RenderException($"macros call each other more than {MaxMacroDepth} deep");
    }

    internal void LeaveMacro() => _macroDepth--;

    /// <summary>Called on every recursion, so that deep nesting is an error and not a stack overflow.</summary>
    internal static void CheckStack()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw new RenderException("the template or its data is nested too deeply");
    }
}

namespace TorchSharp.Interop;

/// <summary>Hears of operator calls (<see cref="Operator.Listener"/>).</summary>
internal interface ICallListener
{
    /// <summary>An operator was called. What the results point to is not the listener's; it may take aliases.</summary>
    /// <param name="called">The operator.</param>
    /// <param name="arguments">What it was called with; arguments that were left out took the schema's defaults.</param>
    /// <param name="results">Those results that the caller asked for.</param>
    void Called(Operator called, ReadOnlySpan<Argument> arguments, ReadOnlySpan<Value> results);
}

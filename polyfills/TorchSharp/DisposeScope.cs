namespace TorchSharp;

/// <summary>
/// Disposes what was created while it was the innermost scope of its thread (tensors), and what was included by hand, unless it was moved out or detached.
/// </summary>
public sealed class DisposeScope : IDisposable
{
    // A tensor knows its slot, so that it leaves in constant time; other disposables are looked for.
    private IDisposable?[] _items;
    private int _count;

    internal DisposeScope(DisposeScope? outer)
    {
        OuterScope = outer;
        _items = DisposeScopeManager.RentSlots();
    }

    internal DisposeScope? OuterScope { get; }

    public IReadOnlyList<IDisposable> DisposablesView => _items.AsSpan(0, _count).ToArray()!;

    public int DisposablesCount => _count;

    public T Include<T>(T disposable) where T : IDisposable
    {
        if (!Contains(disposable))
        {
            if (disposable is torch.Tensor tensor)
            {
                tensor.OwningDisposeScope?.Remove(tensor);
            }

            Add(disposable);
        }

        return disposable;
    }

    public T MoveToOuter<T>(T disposable) where T : IDisposable => MoveToOther(OuterScope, disposable);

    public (T1 first, T2 second) MoveToOuter<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable =>
        (MoveToOuter(first), MoveToOuter(second));

    public (T1 first, T2 second, T3 third) MoveToOuter<T1, T2, T3>(T1 first, T2 second, T3 third)
        where T1 : IDisposable where T2 : IDisposable where T3 : IDisposable =>
        (MoveToOuter(first), MoveToOuter(second), MoveToOuter(third));

    public void MoveToOuter(params IDisposable[] disposables) => MoveToOther(OuterScope, disposables);

    public void MoveToOuter(IEnumerable<IDisposable> disposables) => MoveToOther(OuterScope, disposables);

    public T MoveToOther<T>(DisposeScope? scope, T disposable) where T : IDisposable
    {
        if (Remove(disposable))
        {
            scope?.Add(disposable);
        }

        return disposable;
    }

    public void MoveToOther(DisposeScope? scope, params IDisposable[] disposables) => MoveToOther(scope, (IEnumerable<IDisposable>)disposables);

    public void MoveToOther(DisposeScope? scope, IEnumerable<IDisposable> disposables)
    {
        foreach (var disposable in disposables)
        {
            MoveToOther<IDisposable>(scope, disposable);
        }
    }

    public T Detach<T>(T disposable) where T : IDisposable => MoveToOther(null, disposable);

    public (T1 first, T2 second) Detach<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable => (Detach(first), Detach(second));

    public (T1 first, T2 second, T3 third) Detach<T1, T2, T3>(T1 first, T2 second, T3 third)
        where T1 : IDisposable where T2 : IDisposable where T3 : IDisposable =>
        (Detach(first), Detach(second), Detach(third));

    public void Detach(params IDisposable[] disposables) => MoveToOther(null, disposables);

    public void Detach(IEnumerable<IDisposable> disposables) => MoveToOther(null, disposables);

    public void Attach(IDisposable disposable) => Include(disposable);

    public void DisposeEverything() => DisposeEverythingBut(Array.Empty<IDisposable>());

    public void DisposeEverythingBut(IEnumerable<IDisposable> inKeep)
    {
        var keep = inKeep as ICollection<IDisposable> ?? [.. inKeep];
        var kept = keep.Count == 0 ? null : new HashSet<IDisposable>(keep, ReferenceEqualityComparer.Instance);
        var items = _items;
        int count = _count;
        if (kept is not null)
        {
            _items = new IDisposable?[DisposeScopeManager.Slots];
        }

        _count = 0;
        for (int i = 0; i < count; i++)
        {
            var item = items[i]!;
            items[i] = null;
            if (kept is not null && kept.Contains(item))
            {
                Add(item);
                continue;
            }

            if (item is torch.Tensor tensor)
            {
                tensor.OwningDisposeScope = null;
            }

            item.Dispose();
        }
    }

    public void DisposeEverythingBut(params IDisposable[] keep) => DisposeEverythingBut((IEnumerable<IDisposable>)keep);

    public T DisposeEverythingBut<T>(T keep) where T : IDisposable
    {
        DisposeEverythingBut((IEnumerable<IDisposable>)[keep]);
        return keep;
    }

    public (T1 first, T2 second) DisposeEverythingBut<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable
    {
        DisposeEverythingBut((IEnumerable<IDisposable>)[first, second]);
        return (first, second);
    }

    public (T1 first, T2 second, T3 third) DisposeEverythingBut<T1, T2, T3>(T1 first, T2 second, T3 third)
        where T1 : IDisposable where T2 : IDisposable where T3 : IDisposable
    {
        DisposeEverythingBut((IEnumerable<IDisposable>)[first, second, third]);
        return (first, second, third);
    }

    /// <summary>Ends the scope. Scopes of one thread end in the reverse order of their beginning.</summary>
    public void Dispose()
    {
        DisposeEverything();
        DisposeScopeManager.Remove(this);
        DisposeScopeManager.ReturnSlots(Interlocked.Exchange(ref _items, []));
    }

    public void MarkAsDisposed(IDisposable disposable) => Remove(disposable);

    public bool Contains(IDisposable disposable) => IndexOf(disposable) >= 0;

    internal void Add(IDisposable disposable)
    {
        if (_count == _items.Length)
        {
            Array.Resize(ref _items, Math.Max(_count * 2, DisposeScopeManager.Slots));
        }

        if (disposable is torch.Tensor tensor)
        {
            tensor.OwningDisposeScope = this;
            tensor.ScopeSlot = _count;
        }

        _items[_count++] = disposable;
    }

    internal bool Remove(IDisposable disposable)
    {
        int index = IndexOf(disposable);
        if (index < 0)
        {
            return false;
        }

        var last = _items[--_count]!;
        _items[_count] = null;
        if (index < _count)
        {
            _items[index] = last;
            if (last is torch.Tensor moved)
            {
                moved.ScopeSlot = index;
            }
        }

        if (disposable is torch.Tensor tensor)
        {
            tensor.OwningDisposeScope = null;
        }

        return true;
    }

    private int IndexOf(IDisposable disposable) => disposable is torch.Tensor tensor
        ? (ReferenceEquals(tensor.OwningDisposeScope, this) ? tensor.ScopeSlot : -1)
        : Array.FindIndex(_items, 0, _count, item => ReferenceEquals(item, disposable));
}

/// <summary>The stack of scopes of each thread.</summary>
internal static class DisposeScopeManager
{
    public const int Slots = 32;
    private const int MostKeptSlots = 4096;
    private const int MostSpares = 8;

    [ThreadStatic] private static DisposeScope? s_current;

    // The arrays of the scopes that ended last: scopes of loops, and a few within one another, then allocate next to nothing.
    [ThreadStatic] private static Stack<IDisposable?[]>? s_spares;

    public static IDisposable?[] RentSlots() => s_spares is { Count: > 0 } spares ? spares.Pop() : new IDisposable?[Slots];

    public static void ReturnSlots(IDisposable?[] slots)
    {
        if (slots.Length is >= Slots and <= MostKeptSlots && (s_spares ??= new(MostSpares)).Count < MostSpares)
        {
            s_spares.Push(slots);
        }
    }

    public static DisposeScope? Current => s_current;

    public static DisposeScope Begin() => s_current = new DisposeScope(s_current);

    public static void Remove(DisposeScope scope)
    {
        for (var open = s_current; open is not null; open = open.OuterScope)
        {
            if (ReferenceEquals(open, scope))
            {
                s_current = scope.OuterScope;
                return;
            }
        }
    }
}

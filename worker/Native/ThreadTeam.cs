using System.Runtime.CompilerServices;
using TorchSharp;

namespace LightReasoner.Worker.Native;

/// <summary>
/// Threads that share out loops too short for the thread pool. A member spins for a moment after its part, since the next loop follows within microseconds while
/// a model decodes, and sleeps otherwise. As many as libtorch is told to use.
/// </summary>
internal sealed unsafe class ThreadTeam
{
    private const int Spins = 2000; // ManualResetEventSlim takes 2047 at most

    private static ThreadTeam? s_shared;

    private readonly Member[] _members;
    private readonly Lock _turn = new();
    private delegate*<nint, int, void> _part; // of the work that lies at this address, on the stack of the thread that waits for it
    private nint _work;
    private int _unfinished;

    private ThreadTeam(int threads)
    {
        Threads = threads;
        _members = [.. Enumerable.Range(1, threads - 1).Select(part => new Member(this, part))];
    }

    /// <summary>The team for libtorch's present number of threads.</summary>
    public static ThreadTeam Shared
    {
        get
        {
            var threads = torch.get_num_threads();
            return s_shared is { } team && team.Threads == threads ? team : s_shared = new ThreadTeam(threads);
        }
    }

    public int Threads { get; }

    /// <summary>Runs the body once for each part 0..Threads-1, part 0 on the caller's thread, and returns when all are done.</summary>
    public void Run(Action<int> body) => Run(new Body(body));

    /// <summary>The same without an object for each loop, for those of which a forward pass has many.</summary>
    public void Run<TWork>(TWork work) where TWork : struct, IWork
    {
        if (_members.Length == 0)
        {
            work.Do(0);
            return;
        }
        lock (_turn)
        {
            _work = (nint)Unsafe.AsPointer(ref work);
            _part = &Do<TWork>;
            Volatile.Write(ref _unfinished, _members.Length);
            foreach (var member in _members)
                member.Start();
            work.Do(0);
            var wait = new SpinWait();
            while (Volatile.Read(ref _unfinished) > 0)
                wait.SpinOnce(sleep1Threshold: -1);
        }
    }

    /// <summary>The contiguous share of one part in a number of items, in whole units.</summary>
    public (int Start, int End) Share(int part, int items, int unit)
    {
        var units = (items + unit - 1) / unit;
        return (Math.Min(items, (int)((long)units * part / Threads) * unit), Math.Min(items, (int)((long)units * (part + 1) / Threads) * unit));
    }

    private static void Do<TWork>(nint work, int part) where TWork : struct, IWork => Unsafe.AsRef<TWork>((void*)work).Do(part);

    /// <summary>A loop in parts.</summary>
    public interface IWork
    {
        void Do(int part);
    }

    private readonly struct Body(Action<int> body) : IWork
    {
        public void Do(int part) => body(part);
    }

    private sealed class Member
    {
        private readonly ThreadTeam _team;
        private readonly int _part;
        private readonly ManualResetEventSlim _go = new(initialState: false, Spins);

        public Member(ThreadTeam team, int part)
        {
            (_team, _part) = (team, part);
            new Thread(Loop) { IsBackground = true, Name = $"matmul {part}" }.Start();
        }

        public void Start() => _go.Set();

        private void Loop()
        {
            while (true)
            {
                _go.Wait();
                _go.Reset();
                _team._part(_team._work, _part);
                Interlocked.Decrement(ref _team._unfinished);
            }
        }
    }
}

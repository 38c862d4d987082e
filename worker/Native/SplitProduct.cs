using System.Runtime.CompilerServices;

namespace LightReasoner.Worker.Native;

/// <summary>
/// Products of float32 matrices on the CPU's matrix units, as exact as float32 vectors make them and about three times as fast: each value is the sum of three bfloat16 values, and
/// of the nine products of two such sums the three left out lie below a float32's last bit.
/// </summary>
internal static unsafe class SplitProduct
{
    // The kept side's panels and a block of the passing side's share the second-level cache.
    private const int MaxDepth = 512, MaxKept = 2048, BlockPanels = 4, Lanes = MatrixUnits.TileRows;

    [ThreadStatic]
    private static ThreadScratch? t_kept, t_block;

    /// <summary>y[i, j] = Σ kept_i·passing_j + bias[j] + onto[i, j].</summary>
    /// <param name="kept">The vectors that are packed once.</param>
    /// <param name="passing">The vectors that are packed block by block while they are used.</param>
    /// <param name="depth">Length of the vectors.</param>
    /// <param name="y">[kept, passing].</param>
    /// <param name="stride">Elements from row to row of y and of onto.</param>
    /// <param name="bias">Null, or a value for each passing vector.</param>
    /// <param name="onto">Null, or what is added; may be y.</param>
    /// <param name="passingLeft">Whether the passing side is the left one in the tiles' products; the right side has to be turned if it is not <see cref="Side.Down"/>.</param>
    public static void Multiply(Side kept, Side passing, int depth, float* y, nint stride, float* bias, float* onto, bool passingLeft)
    {
        var parts = (depth + MaxDepth - 1) / MaxDepth;
        var partDepth = SplitPanels.Steps((depth + parts - 1) / parts) * MatrixUnits.TileDepth;
        var team = ThreadTeam.Shared;
        for (var first = 0; first < kept.Count; first += MaxKept)
        {
            var some = kept with { Data = (nint)kept.At(first, 0), Count = Math.Min(MaxKept, kept.Count - first) };
            for (var value = 0; value < depth; value += partDepth)
            {
                var target = y + first * stride;
                var work = new Work(some, passing, value, Math.Min(partDepth, depth - value), passingLeft, target, stride,
                    value == 0 ? bias : null, value > 0 ? target : onto == null ? null : onto + first * stride);
                work.Run(team);
            }
        }
    }

    /// <summary>One part of the depth for some kept vectors.</summary>
    private sealed class Work(Side kept, Side passing, int value, int depth, bool passingLeft, float* y, nint stride, float* bias, float* onto)
    {
        private readonly nint _panelBytes = SplitPanels.Bytes(depth);
        private readonly int _panels = (kept.Count + SplitPanels.Rows - 1) / SplitPanels.Rows;
        private byte* _kept;
        private int _packed, _passed; // panels and blocks that a thread has taken

        public void Run(ThreadTeam team)
        {
            _kept = (byte*)(t_kept ??= new ThreadScratch()).Floats((nuint)(_panels * _panelBytes / sizeof(float)));
            var panels = (passing.Count + SplitPanels.Rows - 1) / SplitPanels.Rows;
            team.Run(new Packing(this));
            team.Run(new Passing(this, Math.Clamp(panels / (2 * team.Threads), 1, BlockPanels) * SplitPanels.Rows));
        }

        // Threads take what comes next, since one of them may be held up; who computes something makes no difference to it.
        private void Pack()
        {
            for (int panel; (panel = Interlocked.Increment(ref _packed) - 1) < _panels;)
                SplitPanels.Write(kept, panel * SplitPanels.Rows, value, depth, (ushort*)(_kept + panel * _panelBytes), turned: passingLeft);
        }

        private void PassAll(int width)
        {
            for (int start; (start = (Interlocked.Increment(ref _passed) - 1) * width) < passing.Count;)
                Pass(start, Math.Min(passing.Count, start + width));
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
        private void Pass(int start, int end)
        {
            var block = (byte*)(t_block ??= new ThreadScratch()).Floats((nuint)(BlockPanels * _panelBytes / sizeof(float)));
            for (var vector = start; vector < end; vector += SplitPanels.Rows)
                SplitPanels.Write(passing, vector, value, depth, (ushort*)(block + (vector - start) / SplitPanels.Rows * _panelBytes), turned: !passingLeft);

            var memory = stackalloc byte[SplitPanels.Rows * SplitPanels.Rows * sizeof(float) + 64];
            var sums = (float*)((nint)(memory + 63) & -64);
            var steps = SplitPanels.Steps(depth);
            for (var panel = 0; panel < _panels; panel++)
            {
                var row = panel * SplitPanels.Rows;
                var rows = Math.Min(SplitPanels.Rows, kept.Count - row);
                var tiles = (rows + Lanes - 1) / Lanes;
                var keptPanel = (ushort*)(_kept + panel * _panelBytes);
                for (var vector = start; vector < end; vector += SplitPanels.Rows)
                {
                    var passingPanel = (ushort*)(block + (vector - start) / SplitPanels.Rows * _panelBytes);
                    float* target = y + row * stride + vector, offsets = bias == null ? null : bias + vector, added = onto == null ? null : onto + row * stride + vector;
                    if (passingLeft)
                        MatrixUnits.Multiply(passingPanel, keptPanel, steps, 2, tiles, MatrixUnits.Zeros, 0, sums, SplitPanels.Rows);
                    else if (rows % Lanes == 0 && end - vector >= SplitPanels.Rows && (offsets == null || added == null))
                    {
                        // Whole tiles go where they belong by themselves, onto what they are added to.
                        var from = added != null ? added : offsets != null ? offsets : MatrixUnits.Zeros;
                        MatrixUnits.Multiply(keptPanel, passingPanel, steps, tiles, 2, from, added != null ? stride : 0, target, stride);
                        continue;
                    }
                    else
                        MatrixUnits.Multiply(keptPanel, passingPanel, steps, tiles, 2, MatrixUnits.Zeros, 0, sums, SplitPanels.Rows);
                    Write(sums, rows, Math.Min(SplitPanels.Rows, end - vector), target, offsets, added);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Write(float* sums, int rows, int columns, float* to, float* offsets, float* added)
        {
            for (var i = 0; i < rows; i += Lanes)
                for (var j = 0; j < columns; j += Lanes)
                {
                    float* at = to + i * stride + j, constants = offsets == null ? null : offsets + j, others = added == null ? null : added + i * stride + j;
                    if (passingLeft)
                        Transposition.Add(sums + j * SplitPanels.Rows + i, SplitPanels.Rows, Math.Min(Lanes, rows - i), Math.Min(Lanes, columns - j), at, stride, constants, others);
                    else
                        WriteSome(sums, i, Math.Min(Lanes, rows - i), j, Math.Min(Lanes, columns - j), at, constants, others);
                }
        }

        private void WriteSome(float* sums, int row, int rows, int column, int columns, float* to, float* offsets, float* added)
        {
            for (var i = 0; i < rows; i++)
                for (var j = 0; j < columns; j++)
                {
                    to[i * stride + j] = sums[(row + i) * SplitPanels.Rows + column + j] + (offsets == null ? 0 : offsets[j]) + (added == null ? 0 : added[i * stride + j]);
                }
        }

        private readonly struct Packing(Work work) : ThreadTeam.IWork
        {
            public void Do(int part) => work.Pack();
        }

        private readonly struct Passing(Work work, int width) : ThreadTeam.IWork
        {
            public void Do(int part) => work.PassAll(width);
        }
    }
}

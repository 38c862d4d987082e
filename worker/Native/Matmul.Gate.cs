using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Native;

internal static unsafe partial class Matmul
{
    // Deeper products would have to go through memory part by part.
    private const int MaxGateDepth = 2048;

    /// <summary>
    /// silu(x·Wgᵀ)·(x·Wuᵀ), or null where this is none for this kernel. The two products, several times as wide as x, are never written to memory.
    /// </summary>
    /// <param name="x">[rows, in].</param>
    /// <param name="weight">Wg above Wu, [2·n, in].</param>
    /// <returns>[rows, n].</returns>
    public static Tensor? TryGatedLinear(Tensor x, Tensor weight)
    {
        var (rows, inputs, outputs) = ((int)x.size(0), (int)weight.size(1), (int)weight.size(0) / 2);
        if (!Fits(x, weight) || Splits(rows) || rows <= DotRows || rows > MaxRows || inputs % Lanes != 0 || inputs > MaxGateDepth || outputs < TileOutputs)
            return null;
        var result = empty([rows, outputs], dtype: ScalarType.Float32);
        float* source = (float*)Address(x), target = (float*)Address(result);
        var matrix = Address(weight);
        var height = BlockRows(inputs);
        var packed = PackedBlock(rows, height, inputs);
        var team = ThreadTeam.Shared;
        for (var row = 0; row < rows; row += height)
        {
            var block = new Block(Math.Min(height, rows - row), inputs);
            team.Run(new Packing(team, new Side((nint)(source + (long)row * inputs), inputs, block.Rows, Down: false), block, packed));
            team.Run(new GatedProducts(team, packed, block, matrix, (nint)(target + (long)row * outputs), outputs));
        }
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyGated(float* packed, Block block, float* w, float* y, nint outputs, int start, int end)
    {
        const int Ups = GroupOutputs + TileOutputs; // where the sums of the second matrix begin
        var sums = Sums(block);
        nint stride = block.Depth;
        var second = w + outputs * stride;
        for (var output = start; output < end; output += GroupOutputs)
        {
            var columns = Math.Min(GroupOutputs, end - output);
            for (var column = 0; column < columns; column += TileOutputs)
            {
                var first = Math.Min(output + column, (int)outputs - TileOutputs);
                float* gate = w + first * stride, up = second + first * stride;
                AddTile(packed, block, gate, stride, 1, up, sums, first - output);
                AddTile(packed, block, up, stride, 1, gate + TileOutputs * stride, sums, Ups + first - output);
            }
            for (var row = 0; row < block.Rows; row += PanelRows)
            {
                var gates = SumsOf(sums, block, row, out var rows, out var width);
                Gate(gates, gates + Ups * width, columns * width);
                Write(gates, width, rows, columns, y + row * outputs + output, outputs, null, null);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gate(float* gates, float* ups, int count)
    {
        for (var i = 0; i < count; i += Lanes)
            Vector512.Store(RowOperators.Gated(Vector512.Load(gates + i), Vector512.Load(ups + i)), gates + i);
    }

    private readonly struct GatedProducts(ThreadTeam team, nint packed, Block block, nint w, nint y, int outputs) : ThreadTeam.IWork
    {
        public void Do(int part)
        {
            var (first, end) = team.Share(part, outputs, TileOutputs);
            MultiplyGated((float*)packed, block, (float*)w, (float*)y, outputs, first, end);
        }
    }
}

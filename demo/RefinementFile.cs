using Parquet;
using Parquet.Data;
using Parquet.Schema;

namespace LightReasoner.Demo;

/// <summary>The refinement data as a Parquet file of two text columns, <c>prompt</c> and <c>target</c>.</summary>
internal static class RefinementFile
{
    public static async Task WriteAsync(string path, IReadOnlyList<Problem> problems)
    {
        var prompt = new DataField<string>("prompt", nullable: false);
        var target = new DataField<string>("target", nullable: false);
        await using FileStream stream = File.Create(path);
        using ParquetWriter writer = await ParquetWriter.CreateAsync(new ParquetSchema(prompt, target), stream);
        writer.CompressionMethod = CompressionMethod.Zstd;
        using ParquetRowGroupWriter group = writer.CreateRowGroup();
        await group.WriteColumnAsync(new DataColumn(prompt, problems.Select(p => p.Question).ToArray()));
        await group.WriteColumnAsync(new DataColumn(target, problems.Select(p => p.Solution).ToArray()));
    }
}

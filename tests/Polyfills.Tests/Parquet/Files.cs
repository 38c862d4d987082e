using System.IO.Compression;
using Parquet;
using Parquet.Data;
using Parquet.Schema;

namespace LightReasoner.Polyfills.Tests.Parquet;

/// <summary>Writes and reads whole files in memory.</summary>
internal static class Files
{
    /// <summary>A file whose row groups are the given lists of columns.</summary>
    public static async Task<byte[]> WriteAsync(
        ParquetSchema schema, CompressionMethod method, ParquetOptions? options, params IReadOnlyList<DataColumn>[] groups)
    {
        using var output = new MemoryStream();
        await using (ParquetWriter writer = await ParquetWriter.CreateAsync(schema, output, options))
        {
            writer.CompressionMethod = method;
            writer.CompressionLevel = CompressionLevel.Fastest;
            writer.CustomMetadata = new Dictionary<string, string> { ["made by"] = "a test" };
            foreach (IReadOnlyList<DataColumn> columns in groups)
            {
                using ParquetRowGroupWriter group = writer.CreateRowGroup();
                foreach (DataColumn column in columns) await group.WriteColumnAsync(column);
            }
        }
        return output.ToArray();
    }

    /// <summary>All columns of all row groups.</summary>
    public static async Task<List<DataColumn[]>> ReadAsync(byte[] file, ParquetOptions? options = null)
    {
        using ParquetReader reader = await ParquetReader.CreateAsync(new MemoryStream(file), options);
        var groups = new List<DataColumn[]>();
        for (int i = 0; i < reader.RowGroupCount; i++) groups.Add(await reader.ReadEntireRowGroupAsync(i));
        return groups;
    }

    /// <summary>Writes one column of values and reads it back.</summary>
    public static async Task<DataColumn> RoundTripAsync(DataField field, Array data, CompressionMethod method = CompressionMethod.Snappy, ParquetOptions? options = null, ParquetOptions? read = null)
    {
        var schema = new ParquetSchema(field);
        byte[] file = await WriteAsync(schema, method, options, [new DataColumn(field, data)]);
        return Assert.Single(Assert.Single(await ReadAsync(file, read)));
    }
}

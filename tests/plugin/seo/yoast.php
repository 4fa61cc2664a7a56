<?php
// Handles titles and descriptions like Yoast SEO: they are post meta, which are copied into a table of
// indexables when the post is saved, and printed from there.
define('WPSEO_VERSION', '23.0');
add_action('wp_insert_post', function ($id) {
    $indexables = get_option('fixture_yoast_indexables', []);
    foreach (['title', 'metadesc'] as $field) {
        $indexables[$id][$field] = get_post_meta($id, "_yoast_wpseo_$field", true);
    }
    update_option('fixture_yoast_indexables', $indexables);
}, PHP_INT_MAX);
$field = fn ($name) => get_option('fixture_yoast_indexables')[get_the_ID()][$name] ?? '';
add_filter('pre_get_document_title', fn () => $field('title') ?: '');
add_action('wp_head', function () use ($field) {
    printf("<meta name=\"description\" content=\"%s\" />\n", esc_attr($field('metadesc')));
});

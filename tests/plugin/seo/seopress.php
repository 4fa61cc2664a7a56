<?php
// Handles titles and descriptions like SEOPress: they are post meta.
define('SEOPRESS_VERSION', '8.0');
add_filter('pre_get_document_title', fn () => get_post_meta(get_the_ID(), '_seopress_titles_title', true));
add_action('wp_head', function () {
    $description = get_post_meta(get_the_ID(), '_seopress_titles_desc', true);
    printf("<meta name=\"description\" content=\"%s\">\n", esc_attr($description));
});
